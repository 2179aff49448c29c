//! Uploads and downloads: a thread that moves bytes between a file and a volume.
//!
//! The thread waits for the daemon as long as it takes, so an interrupt of the script never costs the
//! connection; what the script waits for is the thread.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use virt::sys;

use super::super::door::{destroy, read};
use super::super::failure::check;
use super::super::interrupt::{Interrupt, TICK};
use super::super::job::{Job, Progress, Work};
use super::super::long_calls::LongCall;
use super::super::stream::{PIECE, Received, Stream, Use};
use super::StorageVolume;
use super::local_file::{Part, Source, Target};
use crate::error::{Error, Result};

/// Which part of a volume, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    /// where in the volume it begins, in bytes
    pub offset: u64,
    /// how many bytes; without it, up to the end
    pub length: Option<u64>,
    /// whether holes travel as holes
    pub sparse: bool,
}

impl StorageVolume {
    /// Writes a file of this machine into it (`virStorageVolUpload`).
    pub fn upload(&self, path: &Path, extent: Extent) -> Result<Job> {
        let failed = |error| local("volume.upload", path, &error);
        let mut source = Source::open(path, extent.length, extent.sparse).map_err(failed)?;
        let total = source.total();
        let flags = if extent.sparse { sys::VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM } else { 0 };
        let stream = self.begin_upload(extent, flags)?;
        let path = path.to_owned();
        self.transfer("volume.upload", total, stream, move |transfer, stream| {
            while let Some(part) = source.next(PIECE).map_err(|e| local("volume.upload", &path, &e))? {
                transfer.check()?;
                let length = match part {
                    Part::Data(data) => {
                        stream.send(&data, &transfer.never)?;
                        data.len() as u64
                    }
                    Part::Hole(length) => {
                        stream.send_hole(length, &transfer.never)?;
                        length
                    }
                };
                transfer.moved(length);
            }
            transfer.check()?;
            stream.finish(&transfer.never)
        })
    }

    /// Writes what it holds into a file of this machine (`virStorageVolDownload`), which appears
    /// when it is complete.
    pub fn download(&self, path: &Path, extent: Extent) -> Result<Job> {
        let failed = |error| local("volume.download", path, &error);
        let mut target = Target::open(path).map_err(failed)?;
        let size = self.size()?.saturating_sub(extent.offset);
        let total = extent.length.map_or(size, |length| length.min(size));
        let stream = self.begin_download(extent)?;
        let path = path.to_owned();
        self.transfer("volume.download", total, stream, move |transfer, stream| {
            let failed = |error| local("volume.download", &path, &error);
            loop {
                transfer.check()?;
                match stream.receive(TICK, &transfer.never)? {
                    Some(Received::Data(data)) => {
                        target.write(&data).map_err(failed)?;
                        transfer.moved(data.len() as u64);
                    }
                    Some(Received::Hole(length)) => {
                        target.skip(length).map_err(failed)?;
                        transfer.moved(length);
                    }
                    Some(Received::End) => break,
                    None => {}
                }
            }
            stream.finish(&transfer.never)?;
            target.finish().map_err(failed)
        })
    }

    /// What it holds, as bytes; holes read as zeros (`virStorageVolDownload`).
    pub fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let most = usize::try_from(length).unwrap_or(usize::MAX);
        let interrupt = self.connection().door().interrupt();
        let stream = self.begin_download(Extent { offset, length: Some(length), sparse: false })?;
        let data = stream.receive_all(most, interrupt)?.unwrap_or_default();
        stream.finish(interrupt)?;
        Ok(data)
    }

    /// Writes bytes into it (`virStorageVolUpload`).
    pub fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let interrupt = self.connection().door().interrupt();
        let length = Some(data.len() as u64);
        let stream = self.begin_upload(Extent { offset, length, sparse: false }, 0)?;
        stream.send(data, interrupt)?;
        stream.finish(interrupt)
    }

    fn begin_upload(&self, extent: Extent, flags: u32) -> Result<Stream> {
        let Extent { offset, length, .. } = extent;
        let begun = self.open_stream(destroy("volume.upload"), Use::Send, move |v, stream| {
            let length = length.unwrap_or(0);
            // SAFETY: a live volume and an open stream.
            check(unsafe { sys::virStorageVolUpload(v.volume.as_ptr(), stream, offset, length, flags) })
        });
        Ok(begun?.0)
    }

    fn begin_download(&self, extent: Extent) -> Result<Stream> {
        let Extent { offset, length, sparse } = extent;
        let (usage, flags) = if sparse {
            (Use::ReceiveSparse, sys::VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM)
        } else {
            (Use::Receive, 0)
        };
        let begun = self.open_stream(read("volume.download"), usage, move |v, stream| {
            let length = length.unwrap_or(0);
            // SAFETY: a live volume and an open stream.
            check(unsafe { sys::virStorageVolDownload(v.volume.as_ptr(), stream, offset, length, flags) })
        });
        Ok(begun?.0)
    }

    /// The size of its file or device, in bytes.
    fn size(&self) -> Result<u64> {
        match self.info(sys::VIR_STORAGE_VOL_GET_PHYSICAL) {
            Ok(info) => Ok(info.allocation),
            // Older daemons do not tell; of a file that is no disk image it is the same.
            Err(_) => Ok(self.info(0)?.capacity),
        }
    }

    fn transfer(
        &self,
        operation: &'static str,
        total: u64,
        stream: Stream,
        run: impl FnOnce(&Transfer, &Stream) -> Result<()> + Send + 'static,
    ) -> Result<Job> {
        let door = self.connection().door();
        let transfer = Arc::new(Transfer {
            title: format!("{operation} {}", self.label()),
            total,
            interrupt: door.interrupt().clone(),
            ..Transfer::default()
        });
        let own = transfer.clone();
        let work = move || {
            let outcome = run(&own, &stream);
            if outcome.is_err() {
                // Tells the daemon before anybody learns of the end; its answer does not matter.
                let _ = stream.abort(&own.never);
            }
            drop(stream);
            own.end(outcome);
        };
        let started = std::thread::Builder::new().name(operation.into()).spawn(work);
        started.map_err(|error| local(operation, Path::new("a thread"), &error))?;
        // A script that ends before waits for it.
        door.long_calls().add(transfer.clone());
        Ok(Job::new(operation, self.label(), transfer))
    }
}

/// A transfer that runs, as its job sees it.
#[derive(Default)]
struct Transfer {
    title: String,
    total: u64,
    processed: AtomicU64,
    aborted: AtomicBool,
    outcome: Mutex<Option<Result<()>>>,
    /// True once somebody has learnt how it ended.
    seen: AtomicBool,
    ended: Condvar,
    /// The wish that the run should end, for those who wait.
    interrupt: Interrupt,
    /// Never raised, for the thread itself.
    never: Interrupt,
}

impl Transfer {
    fn moved(&self, bytes: u64) {
        self.processed.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Fails once somebody wants it to end.
    fn check(&self) -> Result<()> {
        if self.aborted.load(Ordering::Relaxed) {
            return Err(Error::new("operation_aborted", "the transfer was aborted"));
        }
        Ok(())
    }

    fn end(&self, outcome: Result<()>) {
        *self.outcome() = Some(outcome);
        self.ended.notify_all();
    }

    fn outcome(&self) -> MutexGuard<'_, Option<Result<()>>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work for Transfer {
    fn progress(&self) -> Result<Progress> {
        let processed = self.processed.load(Ordering::Relaxed);
        // A file that grew meanwhile.
        let total = if self.total == 0 { 0 } else { self.total.max(processed) };
        Ok(Progress { processed, total, details: Vec::new() })
    }

    fn wait(&self, time: Duration) -> Result<Option<Result<()>>> {
        let outcome = self.interrupt.wait(&self.outcome, &self.ended, time, Option::is_some)?;
        Ok(outcome.and_then(|outcome| {
            self.seen.store(true, Ordering::Relaxed);
            outcome.clone()
        }))
    }

    fn abort(&self) -> Result<()> {
        self.aborted.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl LongCall for Transfer {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn is_ended(&self) -> bool {
        self.outcome().is_some()
    }

    fn unseen_failure(&self) -> Option<Error> {
        let known = self.seen.load(Ordering::Relaxed) || self.aborted.load(Ordering::Relaxed);
        if known { None } else { self.outcome().clone()?.err() }
    }
}

/// What goes wrong with the file at this end.
fn local(operation: &'static str, path: &Path, error: &std::io::Error) -> Error {
    Error::io(path.to_string_lossy(), error).operation(operation)
}
