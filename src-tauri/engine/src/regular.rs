//! Reading files that somebody named: a pipe would keep whoever reads it waiting, and
//! a device never ends.

use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::message::Message;

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// Also for what is no file, and for a longer one.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no file"));
    }
    let too_long =
        || io::Error::new(ErrorKind::InvalidInput, format!("it has more than {most} bytes"));
    if metadata.len() > most {
        return Err(too_long());
    }
    let mut bytes = Vec::new();
    // It may have grown meanwhile.
    std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_long()) } else { Ok(bytes) }
}

/// Reads a text file that a request names.
///
/// # Errors
/// `Usage` where it is not there, no file, too long, or no UTF-8.
pub(crate) fn read_text(path: &Path, most: u64) -> crate::Result<String> {
    let wrong = |what: Message| {
        crate::Error::usage(message!("cannot use {path}", path = path.display()).because(what))
    };
    let bytes = read(path, most).map_err(|error| match error.kind() {
        ErrorKind::NotFound => wrong(message!("there is no such file")),
        ErrorKind::InvalidInput => wrong(Message::from(&error)),
        _ => {
            crate::Error::failed(message!("cannot read {path}", path = path.display())).with(error)
        }
    })?;
    String::from_utf8(bytes).map_err(|_| wrong(message!("it is no UTF-8: save it as UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_a_bearable_length_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.txt");
        std::fs::write(&file, "four").unwrap();
        assert_eq!(read(&file, 4).unwrap(), b"four");
        assert!(read(&file, 3).is_err());
        assert!(read(dir.path(), 100).is_err());
        #[cfg(unix)]
        assert!(read(Path::new("/dev/zero"), 100).is_err());
        let missing = read_text(&dir.path().join("b.txt"), 100).unwrap_err();
        assert_eq!(missing.code(), crate::Code::Usage);
        std::fs::write(&file, b"\xff\xfe").unwrap();
        assert!(read_text(&file, 100).unwrap_err().to_string().contains("UTF-8"));
    }
}
