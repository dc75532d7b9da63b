//! A reader that stops answering: the only way to stop a codec from outside.

use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};
use std::time::Instant;

/// Reads from memory until the deadline, then fails every read.
pub(super) struct DeadlineReader<'a> {
    bytes: Cursor<&'a [u8]>,
    deadline: Instant,
}

/// Most bytes handed out between two looks at the clock: small, so that even a
/// thousandfold inflating stream comes back within 64 MB of output; large
/// against the 30 ns that looking costs.
const PIECE: usize = 64 * 1024;

impl<'a> DeadlineReader<'a> {
    pub(super) fn new(bytes: &'a [u8], deadline: Instant) -> Self {
        Self { bytes: Cursor::new(bytes), deadline }
    }

    fn check(&self) -> io::Result<()> {
        if Instant::now() < self.deadline {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::TimedOut, "decoding takes too long"))
        }
    }
}

impl Read for DeadlineReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let most = buf.len().min(PIECE);
        self.bytes.read(&mut buf[..most])
    }
}

impl BufRead for DeadlineReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        let rest = self.bytes.fill_buf()?;
        Ok(&rest[..rest.len().min(PIECE)])
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.consume(amount);
    }
}

impl Seek for DeadlineReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reads_everything_before_the_deadline_and_nothing_after() {
        let bytes: Vec<u8> = (0..200_000u32).map(|i| i as u8).collect();
        let later = Instant::now() + Duration::from_secs(3600);
        let mut all = Vec::new();
        DeadlineReader::new(&bytes, later).read_to_end(&mut all).unwrap();
        assert_eq!(all, bytes);

        let mut late = DeadlineReader::new(&bytes, Instant::now());
        let error = late.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(late.fill_buf().is_err());
    }
}
