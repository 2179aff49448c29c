//! Uploads and downloads of volumes, and their bytes.

use std::path::Path;

use rhai::plugin::{Dynamic, ImmutableString, NativeCallContext, export_module};
use rhai::{Blob, Map};

use crate::api::Fallible;
use crate::api::host_context::allow;
use crate::api::permissions::Permission;
use crate::api::subject::of;
use crate::api::units::size;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, boolean, size as size_option};
use crate::libvirt::{Extent, Job, StorageVolume};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&volume_transfers::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&UPLOAD, &DOWNLOAD];

/// The most that [`volume_transfers::read`] gives, in bytes.
const MOST: u64 = 64 << 20;

const OFFSET: OptionSpec = size_option("offset", "Where in the volume to begin, in bytes; without this, 0.");

static UPLOAD: OptionTable = OptionTable {
    function: "StorageVolume.upload",
    options: &[
        OFFSET,
        size_option("length", "How many bytes at most; without this, up to the end of the file."),
        boolean("sparse", "Sends holes as holes. Only onto a new volume: what lies under a hole stays."),
    ],
};

static DOWNLOAD: OptionTable = OptionTable {
    function: "StorageVolume.download",
    options: &[
        OFFSET,
        size_option("length", "How many bytes at most; without this, up to the end of the volume."),
        boolean("sparse", "Keeps holes as holes, and sends nothing for them."),
    ],
};

fn extent(table: &'static OptionTable, options: Map) -> Result<Extent> {
    let options = table.read(options)?;
    let length = options.get_size("length")?;
    if length == Some(0) {
        let error =
            Error::usage("nothing can be transferred with a length of 0").operation(table.operation());
        return Err(error.hint("without `length` everything is"));
    }
    Ok(Extent {
        offset: options.get_size("offset")?.unwrap_or(0),
        length,
        sparse: options.get_bool("sparse")?.unwrap_or(false),
    })
}

fn save(context: &NativeCallContext, volume: &StorageVolume, path: &str, options: Map) -> Fallible<Job> {
    allow(context, Permission::Write, "StorageVolume.download", path)?;
    Ok(volume.download(Path::new(path), extent(&DOWNLOAD, options)?)?)
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod volume_transfers {
    /// Writes a file of this machine into the volume (`virStorageVolUpload`).
    ///
    /// Returns at once with the job that does it; a script that ends before waits for it. What the volume holds is overwritten; a file that is larger makes it grow, where its storage can.
    ///
    /// Errors: `io` for a file that cannot be read; those of the job's `wait`; `unsupported` where the
    /// driver cannot.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "upload-me", capacity: "1MiB" });
    /// try { volume.upload("/etc/hostname").wait() } catch (e) { print(e.code) }
    /// volume.delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn upload(volume: &mut StorageVolume, path: ImmutableString) -> Fallible<Job> {
        upload_with(volume, path, Map::new())
    }

    /// Writes a file of this machine, or a part of it, into the volume (`virStorageVolUpload`).
    ///
    /// Errors: `io` for a file that cannot be read; those of the job's `wait`; `unsupported` where the
    /// driver cannot.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "upload-me", capacity: "1MiB" });
    /// try { volume.upload("/etc/hostname", #{ offset: 4096, sparse: true }).wait() } catch (e) { print(e.code) }
    /// volume.delete();
    /// ```
    #[rhai_fn(name = "upload", return_raw, pure)]
    pub fn upload_with(volume: &mut StorageVolume, path: ImmutableString, options: Map) -> Fallible<Job> {
        Ok(volume.upload(Path::new(path.as_str()), extent(&UPLOAD, options)?)?)
    }

    /// Writes what the volume holds into a file of this machine (`virStorageVolDownload`).
    ///
    /// Returns at once with the job that does it; a script that ends before waits for it. The file appears, or is replaced, when it is complete; of a download that fails nothing is left.
    ///
    /// Errors: `io` for a file that cannot be written, `denied` with `--deny write`; those of the job's
    /// `wait`; `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// let volume = pool("default-pool").create_volume(#{ name: "download-me", capacity: "1MiB" });
    /// try { volume.download(fs::join(folder, "copy")).wait() } catch (e) { print(e.code) }
    /// volume.delete();
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn download(
        context: NativeCallContext,
        volume: &mut StorageVolume,
        path: ImmutableString,
    ) -> Fallible<Job> {
        save(&context, volume, &path, Map::new())
    }

    /// Writes what the volume holds, or a part of it, into a file of this machine (`virStorageVolDownload`).
    ///
    /// Errors: `io` for a file that cannot be written, `denied` with `--deny write`; those of the job's
    /// `wait`; `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// let volume = pool("default-pool").create_volume(#{ name: "download-me", capacity: "1MiB" });
    /// try { volume.download(fs::join(folder, "copy"), #{ sparse: true }).wait() } catch (e) { print(e.code) }
    /// volume.delete();
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(name = "download", return_raw, pure)]
    pub fn download_with(
        context: NativeCallContext,
        volume: &mut StorageVolume,
        path: ImmutableString,
        options: Map,
    ) -> Fallible<Job> {
        save(&context, volume, &path, options)
    }

    /// Some bytes of the volume, as a blob (`virStorageVolDownload`).
    ///
    /// Place and length are in bytes, or texts such as `"64KiB"`; at most 64 MiB. Behind the end of the
    /// volume there is nothing, and the blob is shorter.
    ///
    /// Errors: `usage` for more than 64 MiB, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "read-me", capacity: "1MiB" });
    /// try { print(volume.read(0, 512).len()) } catch (e) { print(e.code) }
    /// volume.delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn read(volume: &mut StorageVolume, offset: Dynamic, length: Dynamic) -> Fallible<Blob> {
        let named = of("volume.read", volume);
        let (offset, length) = (size(&offset).map_err(&named)?, size(&length).map_err(&named)?);
        if length > MOST {
            let error = Error::usage("at most 64 MiB of a volume can be read into a blob");
            return Err(named(error).hint("download() writes as much as there is into a file").into());
        }
        if length == 0 {
            return Ok(Blob::new());
        }
        Ok(volume.read(offset, length)?)
    }

    /// Writes a text or a blob into the volume, at a place in bytes (`virStorageVolUpload`).
    ///
    /// What is there is overwritten; behind its end the volume grows, where its storage can.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "write-me", capacity: "1MiB" });
    /// try { volume.write(0, "a label") } catch (e) { print(e.code) }
    /// volume.delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn write(volume: &mut StorageVolume, offset: Dynamic, data: Dynamic) -> Fallible<()> {
        let data = crate::api::stream::bytes(&data).map_err(of("volume.write", volume))?;
        let offset = size(&offset).map_err(of("volume.write", volume))?;
        if data.is_empty() {
            return Ok(());
        }
        Ok(volume.write(offset, &data)?)
    }
}
