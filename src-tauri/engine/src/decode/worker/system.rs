//! What the operating system is asked for. Where it refuses, decoding works
//! still: each of these only bounds or speeds up what works without.

#[cfg(unix)]
pub(super) use unix::*;

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsFd;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    /// Memory that a process takes besides pixels and the file: code, stacks,
    /// tables, and the second copy that a growing buffer is for a moment.
    const OVERHEAD: u64 = 256 << 20;

    /// Makes pipes hold a megabyte, so that fewer turns carry a file across.
    pub(in super::super) fn enlarge(_to: &impl AsFd, _from: &impl AsFd) {
        #[cfg(target_os = "linux")]
        for pipe in [_to.as_fd(), _from.as_fd()] {
            // Refused above what a user may have; then it stays as it was.
            let _ = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20);
        }
    }

    /// No memory dumps: they would hold somebody's photos, and take long.
    pub(in super::super) fn leave_no_dumps() {
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }

    /// From here on, allocations beyond this fail.
    pub(in super::super) fn limit_memory(pixels: u64, file: u64) {
        let maximum = getrlimit(Resource::Data).maximum;
        let most = pixels.saturating_add(file).saturating_add(OVERHEAD);
        let current = Some(maximum.map_or(most, |maximum| maximum.min(most)));
        let _ = setrlimit(Resource::Data, Rlimit { current, maximum });
    }

    /// Standard input and output for the protocol alone: what a codec's library
    /// may print goes where errors go.
    pub(in super::super) fn streams() -> io::Result<(File, File)> {
        let from = io::stdin().as_fd().try_clone_to_owned()?;
        let to = io::stdout().as_fd().try_clone_to_owned()?;
        let _ = rustix::stdio::dup2_stdout(io::stderr());
        Ok((from.into(), to.into()))
    }
}

#[cfg(windows)]
pub(super) use windows::*;

#[cfg(windows)]
mod windows {
    use std::fs::File;
    use std::io;
    use std::os::windows::io::AsHandle;

    pub(in super::super) fn enlarge<T, U>(_to: &T, _from: &U) {}

    pub(in super::super) fn leave_no_dumps() {}

    pub(in super::super) fn limit_memory(_pixels: u64, _file: u64) {}

    pub(in super::super) fn streams() -> io::Result<(File, File)> {
        let from = io::stdin().as_handle().try_clone_to_owned()?;
        let to = io::stdout().as_handle().try_clone_to_owned()?;
        Ok((from.into(), to.into()))
    }
}
