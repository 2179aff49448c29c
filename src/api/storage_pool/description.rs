//! The XML of a new volume, from options.

use rhai::Dynamic;

use super::volumes::volume_of;
use crate::error::{Error, Result};
use crate::lang::options::Parsed;
use crate::libvirt::{StoragePool, StorageVolume};
use crate::xml::Document;

/// What libvirt takes a volume for whose description has no format.
const USUAL_FORMAT: &str = "raw";

/// Describes a new volume.
pub(super) fn of_new(pool: &StoragePool, options: &Parsed) -> Result<String> {
    let xml = named(options)?;
    let backing = backing(pool, options)?;
    if backing.is_none() && !options.has("capacity") {
        return Err(Error::usage("a volume needs a capacity").hint("for example capacity: \"10GiB\""));
    }
    for tag in ["capacity", "allocation"] {
        if let Some(bytes) = options.get_size(tag)? {
            set_size(&xml, tag, bytes)?;
        }
    }
    if let Some(format) = options.get_text("format")? {
        xml.set("target/format/@type", &format)?;
    }
    if let Some(Backing { path, format }) = backing {
        xml.set("backingStore/path", &path)?;
        xml.set("backingStore/format/@type", &format)?;
    }
    Ok(xml.to_string())
}

/// Describes a volume that holds what another one holds.
pub(super) fn of_clone(from: &StorageVolume, options: &Parsed) -> Result<String> {
    let xml = named(options)?;
    let info = from.info(0)?;
    // The first one's, so that what has holes keeps them.
    set_size(&xml, "capacity", options.get_size("capacity")?.unwrap_or(info.capacity))?;
    set_size(&xml, "allocation", options.get_size("allocation")?.unwrap_or(info.allocation))?;
    let format = match options.get_text("format")? {
        Some(format) => format,
        None => format_of(from)?,
    };
    xml.set("target/format/@type", &format)?;
    Ok(xml.to_string())
}

fn named(options: &Parsed) -> Result<Document> {
    let name = options.get_text("name")?.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        Error::usage("a volume needs a name").hint("for example #{ name: \"web1.qcow2\", … }")
    })?;
    let xml = Document::parse("<volume/>")?;
    xml.set("name", &name)?;
    Ok(xml)
}

fn set_size(xml: &Document, tag: &str, bytes: u64) -> Result<()> {
    xml.set(tag, &bytes.to_string())?;
    xml.set(&format!("{tag}/@unit"), "bytes")
}

/// What a volume is a layer over.
struct Backing {
    path: String,
    format: String,
}

/// Reads the options about it. The format is never left to libvirt, which would take a qcow2 file
/// for raw and give the guest its tables for data.
fn backing(pool: &StoragePool, options: &Parsed) -> Result<Option<Backing>> {
    let format = options.get_text("backing_format")?;
    let Some(given) = options.get_any("backing")? else {
        return match format {
            None => Ok(None),
            Some(_) => Err(Error::usage("`backing_format` needs `backing`")),
        };
    };
    let volume = backing_volume(pool, &given)?;
    let path = match &volume {
        Some(volume) => volume.path()?,
        None => given.to_string(),
    };
    let format = match (format, &volume) {
        (Some(format), _) => format,
        (None, Some(volume)) => format_of(volume)?,
        (None, None) => {
            return Err(Error::usage(format!("the format of {path:?} is not known: it is in no pool"))
                .hint("give backing_format: \"qcow2\", \"raw\", …"));
        }
    };
    Ok(Some(Backing { path, format }))
}

/// Finds the volume that is meant; none for a path that is in no pool.
fn backing_volume(pool: &StoragePool, given: &Dynamic) -> Result<Option<StorageVolume>> {
    if let Some(volume) = given.read_lock::<StorageVolume>() {
        return Ok(Some(volume.clone()));
    }
    let text = given.clone().into_string().map_err(|given| {
        Error::usage(format!("`backing` is a volume, its path, or its name in the pool, not {given}"))
    })?;
    if !text.contains(['/', ':']) {
        return volume_of(pool, &text).map(Some);
    }
    match pool.connection().volume_by_path(&text) {
        Ok(volume) => Ok(Some(volume)),
        Err(error) if error.code() == "no_storage_vol" => Ok(None),
        Err(error) => Err(error),
    }
}

/// The format of a volume as its description says.
fn format_of(volume: &StorageVolume) -> Result<String> {
    let xml = Document::parse(&volume.xml()?)?;
    Ok(xml.text_at("target/format/@type")?.unwrap_or_else(|| USUAL_FORMAT.into()))
}
