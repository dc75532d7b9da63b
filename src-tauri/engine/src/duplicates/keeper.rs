//! Which of several photos to keep, and why, in words.
//!
//! A list of questions for each kind; the first one that tells two photos apart
//! decides. So there is always one keeper, the same each time, and the reason is
//! the question at which it beat the runner-up. It is a suggestion.

use std::cmp::{Ordering, Reverse};

use crate::catalog::CopyRow;
use crate::derived::Fingerprint;
use crate::view::DuplicateKind;

/// A photo among its likes.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub row: CopyRow,
    /// Where it was computed.
    pub print: Option<Fingerprint>,
    /// How good the picture is among those of its burst; greater is better.
    pub quality: u32,
}

/// A question: the greater answer is the better one, and the words for it.
type Question = (fn(&Candidate) -> i64, &'static str);

/// What is on a drive that is away may be what the person relies on least: it
/// cannot be looked at now, and a keeper must be there when the others go.
const REACHABLE: Question = (|it| i64::from(!it.row.offline), phrase!("its folder can be reached"));

/// What somebody said of a photo is work that no other copy has. One that was
/// rejected comes last.
const SAID: Question = (
    |it| match it.row.rating.unwrap_or(0) {
        rejected if rejected < 0 => -1,
        rating => i64::from(rating > 0 || it.row.is_described),
    },
    phrase!("it has a rating, keywords or a description"),
);

const RATED: Question =
    (|it| i64::from(it.row.rating.unwrap_or(0)), phrase!("it has the best rating"));

/// Before the pixels: of a RAW file only the preview's are known.
const RAW: Question = (|it| i64::from(it.row.format == "RAW"), phrase!("it is the RAW file"));

const PIXELS: Question =
    (|it| i64::from(it.row.width) * i64::from(it.row.height), phrase!("it has the most pixels"));

/// Editors and messengers drop what the camera wrote.
const DATED: Question = (
    |it| i64::from(it.row.is_dated) + i64::from(it.row.camera.is_some()),
    phrase!("it says when and with what it was taken"),
);

const LARGEST: Question = (
    |it| i64::try_from(it.row.stat.size).unwrap_or(i64::MAX),
    phrase!("its file is the largest, so that it lost least"),
);

/// The fewer, the better: the whole library may lie in a folder of that name.
const AT_HOME: Question = (
    |it| -i64::try_from(folders_for_copies(&it.row)).unwrap_or(i64::MAX),
    phrase!("others are in folders for copies, such as a backup or downloads"),
);

const NAMED: Question =
    (|it| i64::from(!is_named_as_copy(&it.row)), phrase!("its name is not that of a copy"));

const OLDEST: Question = (|it| -it.row.stat.mtime_ns, phrase!("its file is the oldest"));

const SHORTEST: Question = (
    |it| {
        let path = &it.row.path;
        let (depth, length) = (path.components().count(), path.as_os_str().len());
        -i64::try_from(depth << 32 | length).unwrap_or(i64::MAX)
    },
    phrase!("its path is the shortest"),
);

const FIRST: Question = (|it| -it.row.id, phrase!("it was in the library first"));

const QUALITY: Question = (
    |it| i64::from(it.quality),
    phrase!("it is the sharpest, or as sharp as that and better exposed"),
);

fn questions(kind: DuplicateKind) -> &'static [Question] {
    match kind {
        DuplicateKind::Exact => &[REACHABLE, SAID, AT_HOME, NAMED, OLDEST, SHORTEST, FIRST],
        DuplicateKind::Edited => {
            &[REACHABLE, SAID, RAW, PIXELS, DATED, LARGEST, AT_HOME, NAMED, OLDEST, SHORTEST, FIRST]
        }
        DuplicateKind::Burst => &[REACHABLE, RATED, SAID, QUALITY, RAW, LARGEST, SHORTEST, FIRST],
    }
}

/// The better one comes first; equal only to itself.
pub(super) fn by_worth(kind: DuplicateKind, a: &Candidate, b: &Candidate) -> Ordering {
    let answers = questions(kind).iter().map(|(ask, _)| ask(b).cmp(&ask(a)));
    answers.fold(Ordering::Equal, Ordering::then)
}

/// Why the first of two is better than the second.
pub(super) fn reason(kind: DuplicateKind, keeper: &Candidate, next: &Candidate) -> &'static str {
    let told = questions(kind).iter().find(|(ask, _)| ask(keeper) != ask(next));
    told.map_or(FIRST.1, |(_, words)| words)
}

/// Notes how good the pictures of a burst are: those that are nearly as sharp as
/// the sharpest come first, the least lost in black and white before others, then
/// the rest by sharpness.
pub(super) fn judge(burst: &mut [Candidate]) {
    /// Sharpness differs by so much between frames of a scene in which nothing
    /// else does.
    const AS_SHARP: f32 = 0.9;
    let of = |it: &Candidate| it.print.map_or((0.0, 1.0), |print| (print.sharpness, print.clipped));
    let sharpest = burst.iter().map(|it| of(it).0).fold(0.0, f32::max);
    let mut order: Vec<usize> = (0..burst.len()).collect();
    order.sort_by_key(|&n| {
        let (sharpness, clipped) = of(&burst[n]);
        let sharp = sharpness >= AS_SHARP * sharpest;
        // In hundredths: less is seen by nobody.
        let lost = if sharp { (clipped * 100.0) as u32 } else { 0 };
        (sharp, Reverse(lost), (sharpness * 1e3) as u64)
    });
    order.into_iter().zip(0..).for_each(|(n, quality)| burst[n].quality = quality);
}

/// Words for places that hold copies, in some languages.
const FOR_COPIES: [&str; 24] = [
    "backup",
    "backups",
    "bak",
    "sicherung",
    "sauvegarde",
    "copy",
    "copies",
    "copied",
    "kopie",
    "kopien",
    "copie",
    "copia",
    "duplicates",
    "export",
    "exports",
    "exported",
    "download",
    "downloads",
    "trash",
    "recycle",
    "papierkorb",
    "tmp",
    "temp",
    "sent",
];

/// Words that programs put into the names of copies.
const OF_COPIES: [&str; 6] = ["copy", "kopie", "copie", "copia", "backup", "bak"];

fn holds_word(text: &str, words: &[&str]) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
}

/// How many of the folders above are for copies.
fn folders_for_copies(row: &CopyRow) -> usize {
    let folders = row.path.parent().into_iter().flat_map(|folder| folder.components());
    let named = |folder: &std::path::Component<'_>| {
        holds_word(&folder.as_os_str().to_string_lossy().to_lowercase(), &FOR_COPIES)
    };
    folders.filter(named).count()
}

/// Whether the name says that it is a copy: `a copy.jpg`, `a (1).jpg`, `Kopie von
/// a.jpg`.
fn is_named_as_copy(row: &CopyRow) -> bool {
    let stem = row.path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    numbered(&stem).is_some() || holds_word(&stem, &OF_COPIES)
}

/// What stands before the ` (1)` at the end of a name that has one.
pub(super) fn numbered(stem: &str) -> Option<&str> {
    let (before, number) = stem.strip_suffix(')')?.rsplit_once('(')?;
    let is_number = !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| before.trim_end())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::catalog::Stat;

    /// A photo of 3 by 2 pixels at this place.
    pub fn candidate(id: i64, path: &str) -> Candidate {
        let row = CopyRow {
            id,
            path: path.into(),
            stat: Stat { size: 100, mtime_ns: 50, ..Stat::default() },
            hash: [id as u8; 32],
            width: 3,
            height: 2,
            time: 0,
            is_dated: false,
            camera: None,
            format: "JPEG".into(),
            rating: None,
            is_described: false,
            offline: false,
        };
        Candidate { row, print: None, quality: 0 }
    }

    fn keeps(kind: DuplicateKind, mut all: Vec<Candidate>) -> (i64, &'static str) {
        all.sort_by(|a, b| by_worth(kind, a, b));
        (all[0].row.id, reason(kind, &all[0], &all[1]))
    }

    #[test]
    fn of_the_same_bytes_the_original_is_kept() {
        use DuplicateKind::Exact;
        let two = |a, b| vec![candidate(1, a), candidate(2, b)];
        for copy in [
            "/p/Backup 2020/a.jpg",
            "/p/x/Downloads/a.jpg",
            "/p/Sicherung/a.jpg",
            "/p/backup/deep/a.jpg",
        ] {
            let (kept, why) = keeps(Exact, two(copy, "/p/a/very/much/longer/place/a.jpg"));
            assert!(kept == 2 && why.contains("folders for copies"), "{copy}");
        }
        let all_in_one = two("/backup/p/copies/a.jpg", "/backup/p/a.jpg");
        assert_eq!(keeps(Exact, all_in_one), (2, AT_HOME.1));
        for copy in ["/p/a (1).jpg", "/p/a copy.jpg", "/p/Kopie von a.jpg", "/p/a - Copy (2).jpg"] {
            let (kept, why) = keeps(Exact, two(copy, "/p/longer/a.jpg"));
            assert!(kept == 2 && why.contains("name"), "{copy}");
        }
        for original in
            ["/p/copyright.jpg", "/p/backupper/a.jpg", "/p/a (b).jpg", "/p/(2019).txt/a.jpg"]
        {
            let (kept, why) = keeps(Exact, two(original, "/p/q/longer/longer/longer/a.jpg"));
            assert!(kept == 1 && why.contains("path"), "{original}");
        }
        let mut older = two("/p/short.jpg", "/p/deep/down/a.jpg");
        older[1].row.stat.mtime_ns = 49;
        assert_eq!(keeps(Exact, older), (2, OLDEST.1));
        let mut said = two("/p/a.jpg", "/p/backup/a copy.jpg");
        said[1].row.is_described = true;
        assert_eq!(keeps(Exact, said.clone()), (2, SAID.1));
        said[1].row.offline = true;
        assert_eq!(keeps(Exact, said), (1, REACHABLE.1));
    }

    #[test]
    fn of_edited_versions_what_was_said_counts_most_then_what_is_in_the_picture() {
        use DuplicateKind::Edited;
        let mut all = vec![candidate(1, "/p/a.jpg"), candidate(2, "/p/a-small.jpg")];
        (all[0].row.width, all[0].row.height) = (6, 4);
        assert_eq!(keeps(Edited, all.clone()), (1, PIXELS.1));
        all[1].row.format = "RAW".into();
        assert_eq!(keeps(Edited, all.clone()), (2, RAW.1));
        all[0].row.rating = Some(3);
        assert_eq!(keeps(Edited, all.clone()), (1, SAID.1));
        all[0].row.rating = Some(-1);
        assert_eq!(keeps(Edited, all), (2, SAID.1));
        let mut all = vec![candidate(1, "/p/a.jpg"), candidate(2, "/p/b.jpg")];
        all[0].row.stat.size = 101;
        assert_eq!(keeps(Edited, all.clone()), (1, LARGEST.1));
        all[1].row.camera = Some("x".into());
        assert_eq!(keeps(Edited, all), (2, DATED.1));
    }

    #[test]
    fn of_a_burst_the_rated_then_the_sharp_and_well_exposed_is_kept() {
        use DuplicateKind::Burst;
        let frame = |id, sharpness, clipped| Candidate {
            print: Some(Fingerprint { look: None, sharpness, clipped }),
            ..candidate(id, "/p/a.jpg")
        };
        let mut burst = vec![
            frame(1, 100.0, 0.3),
            frame(2, 95.0, 0.01),
            frame(3, 50.0, 0.0),
            frame(4, 60.0, 0.9),
        ];
        judge(&mut burst);
        let mut order = burst.clone();
        order.sort_by(|a, b| by_worth(Burst, a, b));
        assert_eq!(order.iter().map(|it| it.row.id).collect::<Vec<_>>(), [2, 1, 4, 3]);
        assert_eq!(keeps(Burst, burst.clone()), (2, QUALITY.1));
        burst[2].row.rating = Some(5);
        assert_eq!(keeps(Burst, burst), (3, RATED.1));
    }

    #[test]
    fn one_photo_is_always_better_than_another() {
        let (a, b) = (candidate(1, "/p/a.jpg"), candidate(2, "/p/b.jpg"));
        for kind in [DuplicateKind::Exact, DuplicateKind::Edited, DuplicateKind::Burst] {
            assert_eq!(by_worth(kind, &a, &b), Ordering::Less);
            assert_eq!(by_worth(kind, &b, &a), Ordering::Greater);
            assert_eq!(reason(kind, &a, &b), FIRST.1);
        }
    }
}
