//! The file at this end of a transfer, with its holes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{Whence, lseek};

use crate::replacement::Replacement;

/// Zeros, for where nothing can be skipped.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// A part of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Some bytes.
    Data(Vec<u8>),
    /// So many bytes that nothing was ever written to.
    Hole(u64),
}

/// A file that is opened when it is used: opening a pipe waits for somebody at its other end.
enum Lazy {
    Later(PathBuf, OpenOptions),
    Open(File),
}

impl Lazy {
    fn get(&mut self) -> io::Result<&mut File> {
        if let Self::Later(path, options) = self {
            *self = Self::Open(options.open(path)?);
        }
        match self {
            Self::Open(file) => Ok(file),
            Self::Later(..) => Err(io::ErrorKind::Other.into()),
        }
    }
}

/// A file that is read from its beginning, or a device or a pipe.
pub(super) struct Source {
    file: Lazy,
    /// Bytes still to be read; without it, up to the end.
    left: Option<u64>,
    /// Bytes of data before the next hole; `None` where holes are read as zeros.
    run: Option<u64>,
}

impl Source {
    /// Opens a file to read at most `length` bytes of it.
    pub(super) fn open(path: &Path, length: Option<u64>, sparse: bool) -> io::Result<Self> {
        let kind = path.metadata()?.file_type();
        if kind.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let mut file = Lazy::Later(path.to_owned(), OpenOptions::new().read(true).clone());
        if !kind.is_fifo() {
            file.get()?;
        }
        Ok(Self { file, left: length, run: (sparse && kind.is_file()).then_some(0) })
    }

    /// How many bytes it will give; 0 where that is not known.
    pub(super) fn total(&mut self) -> u64 {
        // Devices tell their size only this way; pipes do not.
        let size = match &mut self.file {
            Lazy::Open(file) => file.seek(SeekFrom::End(0)).unwrap_or(0),
            Lazy::Later(..) => 0,
        };
        if size > 0 {
            let _ = self.file.get().and_then(|file| file.seek(SeekFrom::Start(0)));
        }
        match self.left {
            Some(left) if size > 0 => left.min(size),
            Some(left) => left,
            None => size,
        }
    }

    /// The next part, at most `most` bytes where it is data; `None` at the end.
    pub(super) fn next(&mut self, most: usize) -> io::Result<Option<Part>> {
        if self.left == Some(0) {
            return Ok(None);
        }
        if self.run == Some(0) {
            match self.hole()? {
                0 => {}
                hole => {
                    let hole = self.left.map_or(hole, |left| hole.min(left));
                    self.file.get()?.seek_relative(i64::try_from(hole).unwrap_or(i64::MAX))?;
                    self.took(hole);
                    return Ok(Some(Part::Hole(hole)));
                }
            }
        }
        let room = [self.run, self.left].into_iter().flatten().fold(most as u64, u64::min);
        let mut data = Vec::with_capacity(room as usize);
        self.file.get()?.take(room).read_to_end(&mut data)?;
        self.run = self.run.map(|run| run - (data.len() as u64).min(run));
        self.took(data.len() as u64);
        Ok((!data.is_empty()).then_some(Part::Data(data)))
    }

    fn took(&mut self, count: u64) {
        self.left = self.left.map(|left| left - count);
    }

    /// The length of the hole at this place; 0 where there is data, whose length is noted.
    fn hole(&mut self) -> io::Result<u64> {
        let file = self.file.get()?;
        let here = file.stream_position()?;
        let offset = |place: u64| i64::try_from(place).unwrap_or(i64::MAX);
        let hole = match lseek(&*file, offset(here), Whence::SeekData) {
            Ok(data) => data as u64 - here,
            // No more data: a hole up to the end.
            Err(Errno::ENXIO) => file.metadata()?.len().saturating_sub(here),
            // The file system does not tell.
            Err(Errno::EINVAL | Errno::EOPNOTSUPP) => {
                self.run = None;
                0
            }
            Err(errno) => return Err(errno.into()),
        };
        if hole == 0 && self.run.is_some() {
            let end = match lseek(&*file, offset(here), Whence::SeekHole) {
                Ok(end) => end as u64,
                Err(Errno::ENXIO) => here,
                Err(errno) => return Err(errno.into()),
            };
            // At the very end there is neither: one byte is tried, and not found.
            self.run = Some((end - here).max(1));
        }
        file.seek(SeekFrom::Start(here))?;
        Ok(hole)
    }
}

/// A file that is written from its beginning.
pub(super) struct Target {
    file: TargetFile,
    /// Bytes so far, holes included.
    length: u64,
    /// True where skipping leaves a hole that reads as zeros.
    skips: bool,
}

enum TargetFile {
    /// A new file, or new contents of one, that nobody sees before they are complete.
    New(Replacement),
    /// A device or a pipe.
    There(Lazy),
}

impl Target {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(match Replacement::begin(path)? {
            Some(new) => Self { file: TargetFile::New(new), length: 0, skips: true },
            None if path.metadata()?.file_type().is_socket() => {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            None => {
                let file = Lazy::Later(path.to_owned(), OpenOptions::new().write(true).clone());
                Self { file: TargetFile::There(file), length: 0, skips: false }
            }
        })
    }

    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.length += data.len() as u64;
        self.file()?.write_all(data)
    }

    pub(super) fn skip(&mut self, hole: u64) -> io::Result<()> {
        self.length += hole;
        if self.skips {
            let length = self.length;
            return self.file()?.seek(SeekFrom::Start(length)).map(drop);
        }
        let mut left = hole;
        while left > 0 {
            let count = left.min(ZEROS.len() as u64);
            self.file()?.write_all(&ZEROS[..count as usize])?;
            left -= count;
        }
        Ok(())
    }

    /// Brings it to the disk, and makes a new file appear.
    pub(super) fn finish(self) -> io::Result<()> {
        match self.file {
            TargetFile::New(mut new) => {
                // A hole at the end.
                new.file().set_len(self.length)?;
                new.commit()
            }
            // A pipe cannot be synced.
            TargetFile::There(mut file) => match file.get()?.sync_all() {
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
                other => other,
            },
        }
    }

    fn file(&mut self) -> io::Result<&mut File> {
        match &mut self.file {
            TargetFile::New(new) => Ok(new.file()),
            TargetFile::There(file) => file.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    const MIB: u64 = 1 << 20;

    /// A file of 8 MiB: data in the second and in the fifth, holes elsewhere.
    fn sparse_file(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("sparse");
        let mut file = File::create(&path).unwrap();
        for place in [1, 4] {
            file.seek(SeekFrom::Start(place * MIB)).unwrap();
            file.write_all(&vec![7; MIB as usize]).unwrap();
        }
        file.set_len(8 * MIB).unwrap();
        path
    }

    /// The parts of a file, data added up.
    fn parts(mut source: Source) -> Vec<(char, u64)> {
        let mut all: Vec<(char, u64)> = Vec::new();
        while let Some(part) = source.next(300_000).unwrap() {
            let (kind, length) = match part {
                Part::Data(data) => ('d', data.len() as u64),
                Part::Hole(length) => ('h', length),
            };
            match all.last_mut() {
                Some((last, sum)) if *last == kind => *sum += length,
                _ => all.push((kind, length)),
            }
        }
        all
    }

    #[test]
    fn holes_are_told_from_data() {
        let folder = tempfile::tempdir().unwrap();
        let path = sparse_file(folder.path());
        let mut source = Source::open(&path, None, true).unwrap();
        assert_eq!(source.total(), 8 * MIB);
        assert_eq!(parts(source), [('h', MIB), ('d', MIB), ('h', 2 * MIB), ('d', MIB), ('h', 3 * MIB)]);
        assert_eq!(parts(Source::open(&path, None, false).unwrap()), [('d', 8 * MIB)]);
        let some = Source::open(&path, Some(3 * MIB + 5), true).unwrap();
        assert_eq!(parts(some), [('h', MIB), ('d', MIB), ('h', MIB + 5)]);
    }

    #[test]
    fn an_empty_file_and_a_device_have_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        File::create(&path).unwrap();
        assert_eq!(parts(Source::open(&path, None, true).unwrap()), []);
        assert_eq!(parts(Source::open(Path::new("/dev/zero"), Some(10), true).unwrap()), [('d', 10)]);
        assert!(Source::open(folder.path(), None, false).is_err());
    }

    #[test]
    fn what_is_read_and_written_is_the_same_file_with_the_same_holes() {
        let folder = tempfile::tempdir().unwrap();
        let path = sparse_file(folder.path());
        let copy = folder.path().join("copy");
        let (mut source, mut target) =
            (Source::open(&path, None, true).unwrap(), Target::open(&copy).unwrap());
        while let Some(part) = source.next(100_000).unwrap() {
            match part {
                Part::Data(data) => target.write(&data).unwrap(),
                Part::Hole(length) => target.skip(length).unwrap(),
            }
        }
        assert!(!copy.exists());
        target.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&copy).unwrap());
        assert!(std::fs::metadata(&copy).unwrap().blocks() * 512 < 3 * MIB);
    }

    #[test]
    fn a_device_gets_zeros_for_a_hole() {
        let mut target = Target::open(Path::new("/dev/null")).unwrap();
        target.skip(200_000).unwrap();
        target.write(b"x").unwrap();
        target.finish().unwrap();
    }
}
