use super::*;

/// A catalog with one root, a folder with photos in other folders of it, all of
/// which it knows.
struct Known {
    dir: tempfile::TempDir,
    catalog: Catalog,
    root: i64,
}

impl Known {
    fn new(volumes: impl Fn(&Path) -> Volumes) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let photos = dir.path().join("drive/photos");
        for name in ["a/1.jpg", "b/2.jpg", "c/3.jpg"] {
            std::fs::create_dir_all(photos.join(name).parent().unwrap()).unwrap();
            std::fs::write(photos.join(name), name).unwrap();
        }
        std::fs::create_dir(dir.path().join("catalog")).unwrap();
        let catalog = Catalog::open(&dir.path().join("catalog")).unwrap();
        let root = catalog.add_root(&photos, 0).unwrap();
        let known = Self { dir, catalog, root };
        let volumes = volumes(known.dir.path());
        assert_eq!(known.look(Place::Root(root), &volumes, &|_, _| {}).changes.len(), 3);
        known
    }

    /// Looks as the background does, which waits for files that are being written.
    fn wait_for(&self, place: Place, settling: &mut Settling) -> Reconciled {
        let sight =
            Sight { volumes: &Volumes::default(), entering: &|_, _| {}, settling: Some(settling) };
        reconcile(&self.catalog, &[place], sight).unwrap()
    }

    fn look(&self, place: Place, volumes: &Volumes, entering: &dyn Fn(i64, &Path)) -> Reconciled {
        reconcile(&self.catalog, &[place], Sight { volumes, entering, settling: None }).unwrap()
    }

    /// The root, and the photos that are taken to be there.
    fn now(&self) -> (RootRow, u64) {
        let root = self.catalog.roots().unwrap().remove(0);
        let photos = root.photos;
        (root, photos)
    }

    fn pull_out(&self) {
        std::fs::rename(self.dir.path().join("drive"), self.dir.path().join("away")).unwrap();
    }
}

#[test]
fn a_drive_that_goes_while_it_is_listed_takes_nothing_along() {
    let known = Known::new(|_| Volumes::default());
    let pull_out = |_: i64, folder: &Path| {
        if folder.ends_with("photos") {
            known.pull_out();
        }
    };
    let done = known.look(Place::Root(known.root), &Volumes::default(), &pull_out);
    assert_eq!(done.changes, []);
    let (root, photos) = known.now();
    assert_eq!((root.state, photos), (RootState::Offline, 3));
}

#[test]
fn what_is_heard_of_a_place_is_not_believed_of_another_drive() {
    let known = Known::new(|_| Volumes::default());
    // The root was on another drive when it was last looked at as a whole.
    let elsewhere = Mark { device: Some(-5), ..Mark::default() };
    known.catalog.set_root_seen(known.root, &elsewhere, 0).unwrap();
    std::fs::remove_dir_all(known.dir.path().join("drive/photos/a")).unwrap();
    let heard = || Place::Paths(known.root, BTreeSet::from(["a".into()]));
    assert_eq!(known.look(heard(), &Volumes::default(), &|_, _| {}).changes, []);
    assert_eq!(known.now().1, 3);
    // A look at the whole finds the same photos, but for what is really gone.
    let done = known.look(Place::Root(known.root), &Volumes::default(), &|_, _| {});
    assert_eq!((done.changes.len(), known.now().1), (1, 2));
}

#[test]
fn a_drive_numbered_anew_is_known_by_its_files_wherever_they_are_on_it() {
    let known = Known::new(|_| Volumes::default());
    let ids = || {
        let photos = known.catalog.known_photos(known.root, None).unwrap();
        photos.into_iter().map(|photo| photo.id).collect::<BTreeSet<_>>()
    };
    let before = ids();
    let photos = known.dir.path().join("drive/photos");
    std::fs::create_dir(photos.join("2020")).unwrap();
    for name in ["a", "b", "c"] {
        std::fs::rename(photos.join(name), photos.join("2020").join(name)).unwrap();
    }
    let numbered = Mark { device: Some(-5), ..Mark::default() };
    known.catalog.set_root_seen(known.root, &numbered, 0).unwrap();
    if folder(&photos).is_none() {
        eprintln!("skipped: this file system does not tell when a file was made");
        return;
    }
    let done = known.look(Place::Root(known.root), &Volumes::default(), &|_, _| {});
    let moved = |(_, change): &(i64, Change)| matches!(change, Change::Moved { .. });
    assert!(done.changes.len() == 3 && done.changes.iter().all(moved), "{:?}", done.changes);
    assert_eq!((ids(), known.now().0.state), (before, RootState::Online));
}

#[test]
fn another_drive_has_to_show_most_photos_and_one_without_a_name_some() {
    let mark = |device, volume: Option<&str>, within: &str| Mark {
        device: Some(device),
        volume: volume.map(str::to_owned),
        within: Some(within.into()),
        folder: None,
    };
    let one = mark(1, Some("one"), "/a");
    for (before, now, doubted) in [
        (one.clone(), one.clone(), None),
        (one.clone(), mark(2, Some("one"), "/a"), None),
        (one.clone(), mark(1, Some("two"), "/a"), Some(Doubt::Drive)),
        (one.clone(), mark(1, Some("one"), "/b"), Some(Doubt::Folder)),
        (one.clone(), mark(1, None, "/a"), None),
        (one.clone(), mark(2, None, "/a"), Some(Doubt::Number)),
        (mark(1, None, "/a"), mark(1, None, "/a"), None),
        (mark(1, None, "/a"), mark(1, None, "/b"), Some(Doubt::Folder)),
        (mark(1, None, "/a"), mark(2, Some("one"), "/a"), Some(Doubt::Number)),
        (Mark::default(), one, None),
    ] {
        assert_eq!(doubt(&before, &now), doubted, "{before:?} {now:?}");
    }
    let share = |seen, all| Share { seen, all };
    assert!(share(6, 10).dispels(Doubt::Drive) && !share(5, 10).dispels(Doubt::Drive));
    assert!(share(3, 10).dispels(Doubt::Number) && !share(2, 10).dispels(Doubt::Number));
    for doubt in [Doubt::Drive, Doubt::Folder, Doubt::Number] {
        assert!(share(0, 0).dispels(doubt) && share(1, 1).dispels(doubt));
        assert!(!share(0, 1).dispels(doubt));
    }
}

#[test]
fn a_drive_that_is_mounted_elsewhere_is_the_same_root() {
    let mounted = |at: &Path| {
        let at = at.to_str().unwrap();
        Volumes::parse(format!("40 22 8:17 / {at} rw - ext4 /dev/sdb1 rw\n").as_bytes(), |_| {
            Some("0A1B-2C3D".to_owned())
        })
    };
    let known = Known::new(|dir| mounted(&dir.join("drive")));
    let ids = || {
        let photos = known.catalog.known_photos(known.root, None).unwrap();
        photos.into_iter().map(|photo| (photo.id, photo.path)).collect::<BTreeSet<_>>()
    };
    let before = ids();
    known.pull_out();
    let place = || Place::Root(known.root);
    let away = known.look(place(), &Volumes::default(), &|_, _| {});
    assert!(away.changes.is_empty() && away.roots_changed && !away.relocated);
    assert_eq!(known.now().0.state, RootState::Offline);

    let back = known.look(place(), &mounted(&known.dir.path().join("away")), &|_, _| {});
    assert!(back.changes.is_empty() && back.relocated);
    let (root, photos) = known.now();
    let expected = known.dir.path().join("away/photos");
    assert_eq!((root.path, root.state, photos), (expected, RootState::Online, 3));
    assert_eq!(ids(), before);
}

#[test]
fn a_root_that_is_removed_while_it_is_looked_at_gets_no_photos() {
    let known = Known::new(|_| Volumes::default());
    std::fs::write(known.dir.path().join("drive/photos/4.jpg"), b"new").unwrap();
    let removing = |root, _: &Path| {
        known.catalog.remove_root(root, 9).unwrap();
    };
    let looked = known.look(Place::Root(known.root), &Volumes::default(), &removing);
    assert!(looked.changes.is_empty(), "{:?}", looked.changes);
    let present = known.catalog.counts().unwrap().present;
    let kept = known.catalog.known_photos(known.root, None).unwrap();
    assert_eq!((present, kept.len()), (0, 3));
}

#[test]
fn what_is_being_written_is_forgotten_once_it_cannot_be_looked_at() {
    let later = std::time::Instant::now() + std::time::Duration::from_secs(60);
    type Deed = fn(&Known);
    let deeds: [(&str, Deed); 4] = [
        ("its drive is pulled out", Known::pull_out),
        ("its root is removed", |known| assert!(known.catalog.remove_root(known.root, 9).unwrap())),
        ("its root is on another device", |known| {
            let mark = Mark { device: Some(-5), ..Mark::default() };
            known.catalog.set_root_seen(known.root, &mark, 0).unwrap();
        }),
        ("its folder is deleted", |known| {
            std::fs::remove_dir_all(known.dir.path().join("drive/photos/new")).unwrap();
        }),
    ];
    for (what, act) in deeds {
        let known = Known::new(|_| Volumes::default());
        let new = known.dir.path().join("drive/photos/new");
        std::fs::create_dir(&new).unwrap();
        std::fs::write(new.join("4.jpg"), b"half of it").unwrap();
        let mut settling = Settling::default();
        assert_eq!(known.wait_for(Place::Root(known.root), &mut settling).changes, []);
        assert!(settling.due().is_some(), "it is waited for");
        act(&known);
        let (root, mut paths) = settling.take(later).remove(0);
        // Something was heard of the folder that holds it, too.
        paths.insert("new".into());
        assert_eq!(known.wait_for(Place::Paths(root, paths), &mut settling).changes, [], "{what}");
        settling.keep(|_, path| panic!("{} is waited for though {what}", path.display()));
    }
}

#[test]
fn a_path_lies_in_those_above_it_alone() {
    let places: HashSet<PathBuf> = ["a/b", "c.jpg"].map(PathBuf::from).into();
    for (path, lies) in [("a/b", true), ("a/b/c/d.jpg", true), ("c.jpg", true), ("a/bc", false)] {
        assert_eq!(lies_in(Path::new(path), &places), lies, "{path}");
    }
    assert!(lies_in(Path::new("x/y.jpg"), &HashSet::from([PathBuf::new()])));
    assert!(!lies_in(Path::new("x/y.jpg"), &HashSet::new()));
}
