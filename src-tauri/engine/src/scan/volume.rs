//! Mounted file systems: which of them a folder is on, and where one is now.
//!
//! A drive is known by the identifier in its file system, a share by what its
//! server calls it; where they are mounted may be another place every day.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::message::Message;

/// Kinds of file systems whose changes this machine is not told of, because they
/// happen on another one.
const REMOTE: [&str; 27] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "drvfs",
    "fuse.ceph",
    "fuse.curlftpfs",
    "fuse.davfs2",
    "fuse.gcsfuse",
    "fuse.glusterfs",
    "fuse.goofys",
    "fuse.gvfsd-fuse",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "fuse.vmhgfs-fuse",
    "glusterfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
];

/// Programs that lend a file system only to this machine, whose changes are made
/// through it. What any other program lends may change behind it.
const LENT_HERE: [&str; 6] =
    ["fuse.cryfs", "fuse.encfs", "fuse.exfat", "fuse.gocryptfs", "fuse.ntfs-3g", "fuse.securefs"];

/// Whether file systems of this kind may change without this machine being told.
pub(super) fn is_remote(kind: &str) -> bool {
    let lent = kind == "fuse" || kind.starts_with("fuse.");
    REMOTE.contains(&kind) || lent && !LENT_HERE.contains(&kind)
}

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Volume {
    /// What the file system is called wherever it is mounted; `None` where that
    /// cannot be told.
    pub id: Option<String>,
    /// Such as `ext4`.
    pub kind: String,
    /// The number that the system gave it, which its files have, too.
    device: Option<i64>,
    /// Where it is mounted.
    pub mount: PathBuf,
    /// Which of its folders is mounted there.
    top: PathBuf,
}

impl Volume {
    /// Whether its changes may happen where this machine is not told of them.
    pub fn is_remote(&self) -> bool {
        is_remote(&self.kind)
    }

    /// Why its changes are not waited for.
    pub fn silence(&self) -> Message {
        match REMOTE.contains(&self.kind.as_str()) {
            true => {
                message!("a network folder ({kind}) tells nothing of its changes", kind = self.kind)
            }
            false => message!(
                "a folder of another program ({kind}) may not tell of changes",
                kind = self.kind
            ),
        }
    }

    /// Whether files of this device number are on it.
    fn has(&self, device: i64) -> bool {
        // Files on btrfs have the number of their subvolume, which the table lacks.
        let subvolume = || {
            let top = fs::metadata(&self.mount).ok()?;
            super::stamp(&top).file_id.map(|(number, _)| number)
        };
        self.device == Some(device) || self.kind == "btrfs" && subvolume() == Some(device)
    }

    /// Whether its files get other inodes whenever it is mounted.
    pub fn renumbers(&self) -> bool {
        matches!(self.kind.as_str(), "vfat" | "msdos" | "exfat")
    }

    /// Where a path is within the file system.
    pub fn within(&self, path: &Path) -> Option<PathBuf> {
        Some(clean(&self.top.join(path.strip_prefix(&self.mount).ok()?)))
    }

    /// Where a path within the file system is now.
    fn without(&self, within: &Path) -> Option<PathBuf> {
        Some(clean(&self.mount.join(within.strip_prefix(&self.top).ok()?)))
    }
}

/// Without a slash at its end.
fn clean(path: &Path) -> PathBuf {
    path.components().collect()
}

/// All file systems that are mounted at a moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Volumes(Vec<Volume>);

impl Volumes {
    /// Those mounted now; none where the platform does not tell.
    pub fn now() -> Self {
        let Ok(table) = fs::read("/proc/self/mountinfo") else { return Self::default() };
        let uuids = uuids(Path::new("/dev/disk/by-uuid"));
        Self::parse(&table, |device| {
            let device = fs::canonicalize(device).ok()?;
            uuids.get(&device).cloned()
        })
    }

    /// Reads Linux's table of mounts, described in `proc(5)`. `uuid` tells the
    /// identifier of the file system on a device.
    pub fn parse(table: &[u8], uuid: impl Fn(&Path) -> Option<String>) -> Self {
        Self(table.split(|&byte| byte == b'\n').filter_map(|line| volume(line, &uuid)).collect())
    }

    /// The one that a path is on. Of several mounted at one place the last is
    /// seen.
    pub fn holding(&self, path: &Path) -> Option<&Volume> {
        let depth = |volume: &&Volume| volume.mount.components().count();
        self.0.iter().filter(|volume| path.starts_with(&volume.mount)).max_by_key(depth)
    }

    /// Those mounted within a folder.
    pub fn beneath<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = &'a Volume> {
        self.0.iter().filter(move |v| v.mount.starts_with(folder) && v.mount != folder)
    }

    /// Whether files of this device number are anywhere but in a folder.
    pub fn have_outside(&self, device: i64, folder: &Path) -> bool {
        let mut outside = self.0.iter().filter(|volume| !volume.mount.starts_with(folder));
        outside.any(|volume| volume.has(device))
    }

    /// Where a path within a volume is now: the first place that exists, and that
    /// no other volume is mounted over.
    pub fn find(&self, id: &str, within: &Path) -> Option<PathBuf> {
        let is_seen = |volume: &Volume, path: &Path| {
            self.holding(path).is_some_and(|holding| std::ptr::eq(holding, volume))
        };
        self.0
            .iter()
            .filter(|volume| volume.id.as_deref() == Some(id))
            .filter_map(|volume| volume.without(within).filter(|path| is_seen(volume, path)))
            .find(|path| path.is_dir())
    }
}

fn volume(line: &[u8], uuid: impl Fn(&Path) -> Option<String>) -> Option<Volume> {
    // 36 35 98:0 /top /mount rw,noatime master:1 - ext4 /dev/sda1 rw
    let mut fields = line.split(|&byte| byte == b' ').filter(|field| !field.is_empty());
    let device = device(fields.nth(2)?);
    let top = path(fields.next()?);
    let mount = path(fields.next()?);
    let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
    let kind = String::from_utf8_lossy(fields.next()?).into_owned();
    let source = path(fields.next()?);
    let id = if source.is_absolute() && !REMOTE.contains(&kind.as_str()) {
        uuid(&source)
    } else {
        let server = source.to_string_lossy();
        // "tmpfs" and the like name no particular file system.
        let named = REMOTE.contains(&kind.as_str()) && server != "none";
        named.then(|| format!("{kind} {server}"))
    };
    Some(Volume { id, kind, device, mount, top })
}

/// The number that stands in the table as two, as files have it.
#[cfg(unix)]
fn device(field: &[u8]) -> Option<i64> {
    let (major, minor) = std::str::from_utf8(field).ok()?.split_once(':')?;
    Some(rustix::fs::makedev(major.parse().ok()?, minor.parse().ok()?).cast_signed())
}

#[cfg(not(unix))]
fn device(_: &[u8]) -> Option<i64> {
    None
}

/// A field of the table, in which blanks and the like are written in octal.
pub(super) fn path(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, after)) = rest.split_first() {
        let octal = after.get(..3).filter(|_| first == b'\\').and_then(|digits| {
            digits.iter().try_fold(0u32, |value, digit| {
                (b'0'..=b'7').contains(digit).then(|| value * 8 + u32::from(digit - b'0'))
            })
        });
        match octal.and_then(|value| u8::try_from(value).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    to_path(bytes)
}

#[cfg(unix)]
fn to_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn to_path(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// Identifiers of file systems by their devices.
fn uuids(folder: &Path) -> HashMap<PathBuf, String> {
    let Ok(entries) = fs::read_dir(folder) else { return HashMap::new() };
    let device = |entry: fs::DirEntry| {
        let uuid = entry.file_name().to_string_lossy().into_owned();
        Some((fs::canonicalize(entry.path()).ok()?, uuid))
    };
    entries.flatten().filter_map(device).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 8:17 / /media/me/My\\040Drive rw,nosuid shared:200 master:3 - exfat /dev/sdb1 rw
41 22 8:17 /Photos /home/me/Pictures rw - exfat /dev/sdb1 rw
50 22 0:45 / /mnt/nas rw - nfs4 nas:/export/photos rw,vers=4.2
51 22 0:46 / /mnt/tmp rw - tmpfs none rw
";

    fn volumes(table: &str) -> Volumes {
        Volumes::parse(table.as_bytes(), |device| match device.to_str()? {
            "/dev/sda1" => Some("system".to_owned()),
            "/dev/sdb1" | "/dev/sdc1" => Some("0A1B-2C3D".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn a_path_is_on_the_innermost_volume() {
        let volumes = volumes(TABLE);
        let on = |path: &str| volumes.holding(Path::new(path)).unwrap();
        assert_eq!(on("/home/me").id.as_deref(), Some("system"));
        let drive = on("/media/me/My Drive/Trips");
        assert_eq!((drive.id.as_deref(), drive.kind.as_str()), (Some("0A1B-2C3D"), "exfat"));
        assert_eq!(drive.within(Path::new("/media/me/My Drive/Trips")), Some("/Trips".into()));
        let bound = on("/home/me/Pictures/2020");
        assert_eq!(bound.within(Path::new("/home/me/Pictures/2020")), Some("/Photos/2020".into()));
        assert_eq!(on("/mnt/nas/x").id.as_deref(), Some("nfs4 nas:/export/photos"));
        assert_eq!(on("/mnt/tmp").id, None);
        assert!(on("/mnt/nas").is_remote() && !drive.is_remote());
        assert!(drive.renumbers() && !on("/home/me").renumbers());
        let beneath: Vec<_> = volumes.beneath(Path::new("/mnt")).map(|v| &v.mount).collect();
        assert_eq!(beneath, [Path::new("/mnt/nas"), Path::new("/mnt/tmp")]);
    }

    #[test]
    fn only_what_is_known_to_tell_of_its_changes_is_trusted() {
        for kind in ["ext4", "fuseblk", "fuse.gocryptfs", "tmpfs"] {
            assert!(!is_remote(kind), "{kind}");
        }
        for kind in ["nfs4", "fuse", "fuse.sshfs", "fuse.of-next-year"] {
            assert!(is_remote(kind), "{kind}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_device_is_mounted_out_of_a_folder_or_only_in_it() {
        let volumes = volumes(TABLE);
        let nas = i64::from(45);
        assert!(volumes.have_outside(nas, Path::new("/home")));
        assert!(!volumes.have_outside(nas, Path::new("/mnt")));
        assert!(!volumes.have_outside(47, Path::new("/home")));
        let drive = (8 << 8) | 17;
        assert!(volumes.have_outside(drive, Path::new("/media")), "it is bound elsewhere");
    }

    #[test]
    fn a_drive_mounted_elsewhere_is_found_by_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let now = dir.path().join("new place");
        fs::create_dir_all(now.join("Trips")).unwrap();
        let escaped = now.to_str().unwrap().replace(' ', "\\040");
        let volumes = volumes(&format!("40 22 8:33 / {escaped} rw - exfat /dev/sdc1 rw\n{TABLE}"));
        assert_eq!(volumes.find("0A1B-2C3D", Path::new("/Trips")), Some(now.join("Trips")));
        assert_eq!(volumes.find("0A1B-2C3D", Path::new("/Elsewhere")), None);
        assert_eq!(volumes.find("another", Path::new("/Trips")), None);
        // Another one that is mounted over it hides it.
        let table = format!("40 22 8:33 / {escaped} rw - exfat /dev/sdc1 rw\n{TABLE}");
        let over = format!("{table}60 22 0:50 / {escaped} rw - tmpfs none rw\n");
        let hidden = Volumes::parse(over.as_bytes(), |_| Some("0A1B-2C3D".to_owned()));
        assert_eq!(hidden.find("0A1B-2C3D", Path::new("/Trips")), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_has_a_root() {
        let volumes = Volumes::now();
        assert!(volumes.holding(Path::new("/")).is_some());
    }

    proptest! {
        #[test]
        fn any_table_is_survived(table in proptest::collection::vec(any::<u8>(), 0..200)) {
            Volumes::parse(&table, |_| None);
        }

        #[test]
        fn any_place_survives_the_table(name in "[a-z \t\\\\]{1,20}") {
            let escaped: String = name
                .bytes()
                .map(|b| match b {
                    b' ' | b'\t' | b'\\' => format!("\\{b:03o}"),
                    _ => char::from(b).to_string(),
                })
                .collect();
            let line = format!("40 22 8:17 / /m/{escaped} rw - ext4 /dev/sdb1 rw");
            let mount = PathBuf::from(format!("/m/{name}"));
            prop_assert_eq!(&volumes(&line).0[0].mount, &mount);
        }
    }
}
