//! The module `iso`: small images of CDs, such as the seeds of cloud-init.
//!
//! Images are made and read in memory. Their files lie in the root folder; names keep their case and length through
//! Rock Ridge and Joliet, which Linux, the BSDs and Windows read.

use std::io::Cursor;

use hadris_iso::read::{IsoDirEntry, IsoReader, PathSeparator};
use hadris_iso::write::options::{CreationFeatures, IsoFormatOptions};
use hadris_iso::write::{InputEntry, InputTree, IsoImageWriter};
use rhai::plugin::export_module;
use rhai::{Blob, Dynamic, ImmutableString, Map};

use super::Fallible;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;

/// Registers the module.
pub(super) fn register(natives: &mut Natives) {
    natives.namespace("iso", &[&iso_functions::RHAI_MANIFEST]);
}

/// The most that the files of an image may hold together, in bytes: all of it is kept in memory.
const MOST: usize = 64 << 20;

/// The most bytes of a volume's label.
const LABEL: usize = 32;

/// Where the label stands: behind 7 bytes and the system's name in the primary descriptor, which is sector 16.
const LABEL_AT: usize = 16 * 2048 + 40;

fn contents(name: &str, value: &Dynamic) -> Result<Vec<u8>> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(text.as_bytes().to_vec());
    }
    value.read_lock::<Blob>().map(|blob| blob.to_vec()).ok_or_else(|| {
        Error::usage(format!("the file {name} holds a text or a blob, not {}", value.type_name()))
            .hint("turn the value into a text first, for example with yaml::to_string")
    })
}

fn entry(name: &str, value: &Dynamic) -> Result<InputEntry> {
    let fits = !name.is_empty() && name.len() <= 64 && !name.contains(['/', '\\', '\0', ';']);
    if !fits || name == "." || name == ".." {
        return Err(Error::usage(format!("{name:?} cannot be the name of a file in an image"))
            .hint("all files lie in the root folder; a name has at most 64 bytes and no slash"));
    }
    Ok(InputEntry::file(name, contents(name, value)?))
}

fn write(label: &str, files: &Map) -> Result<Blob> {
    if label.is_empty() || label.len() > LABEL || !label.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Error::usage(format!("{label:?} cannot be the label of an image"))
            .hint("a label has 1 to 32 letters, digits and signs"));
    }
    let entries = files.iter().map(|(name, value)| entry(name, value)).collect::<Result<Vec<_>>>()?;
    let held: usize = files.values().map(size_of_contents).sum();
    if held > MOST {
        return Err(Error::usage(format!("{held} bytes are too many for an image, which is made in memory"))
            .hint("64 MiB is the most"));
    }
    let tree = InputTree { path_separator: PathSeparator::ForwardSlash, entries };
    let options = IsoFormatOptions {
        volume_name: label.to_owned(),
        system_id: None,
        volume_set_id: None,
        publisher_id: None,
        preparer_id: None,
        application_id: None,
        sector_size: 2048,
        features: CreationFeatures::extensions(),
        path_separator: PathSeparator::ForwardSlash,
        strict_charset: false,
    };
    let written = IsoImageWriter::create(Cursor::new(Vec::new()), tree, options);
    let mut image =
        written.map_err(|error| Error::usage(format!("no image can be made of it: {error}")))?.into_inner();
    image.resize(image.len().next_multiple_of(2048), 0);
    Ok(image)
}

fn size_of_contents(value: &Dynamic) -> usize {
    match value.as_immutable_string_ref() {
        Ok(text) => text.len(),
        Err(_) => value.read_lock::<Blob>().map_or(0, |blob| blob.len()),
    }
}

fn broken(why: impl std::fmt::Display) -> Error {
    Error::usage(format!("this is no image of a CD: {why}"))
}

/// The name of an entry as people gave it.
fn name_of(entry: &IsoDirEntry) -> Result<String> {
    let mut room = [0; 1024];
    if let Some(name) = entry.rrip_name_into(&mut room) {
        return name.map(str::to_owned).map_err(broken);
    }
    let mut room = [0; 1024];
    entry.name().decode_into(&mut room).map(str::to_owned).map_err(broken)
}

fn read(image: &[u8]) -> Result<Map> {
    let label = image.get(LABEL_AT..LABEL_AT + LABEL).ok_or_else(|| broken("it is too short"))?;
    let label = String::from_utf8_lossy(label).trim_end_matches([' ', '\0']).to_owned();
    let mut reader = IsoReader::open(Cursor::new(image)).map_err(broken)?;
    let root = reader.preferred_root();
    let mut entries = Vec::new();
    for entry in reader.open_dir(root) {
        let entry = entry.map_err(broken)?;
        // A record takes 34 bytes at least: more of them than that is a folder that repeats itself.
        if entries.len() > image.len() / 34 {
            return Err(broken("its folder has no end"));
        }
        if entry.is_file() {
            entries.push(entry);
        }
    }
    let (mut files, mut left) = (Map::new(), MOST);
    for entry in entries {
        let name = name_of(&entry)?;
        let mut file = reader.open_file(&entry).map_err(broken)?;
        let size = usize::try_from(file.len()).ok().filter(|size| *size <= left.min(image.len()));
        let size = size.ok_or_else(|| broken(format!("{name} is larger than it can be")))?;
        left -= size;
        let mut contents = vec![0; size];
        let mut filled = 0;
        while filled < size {
            match file.read_chunk(&mut contents[filled..]).map_err(broken)? {
                0 => return Err(broken(format!("{name} ends too early"))),
                more => filled += more,
            }
        }
        files.insert(name.as_str().into(), Dynamic::from_blob(contents));
    }
    Ok(Map::from([("label".into(), label.into()), ("files".into(), files.into())]))
}

/// Images of CDs (ISO 9660), made and read in memory.
#[export_module(manifest)]
pub mod iso_functions {
    /// Makes an image with this label that holds these files, as a blob.
    ///
    /// The keys of the map are the files' names, at most 64 bytes without slashes; their values what they hold, texts or
    /// blobs, together at most 64 MiB. The label has at most 32 letters, digits and signs.
    ///
    /// Errors: `usage` for a label, a name or contents that an image cannot have.
    ///
    /// ```rhai
    /// let image = iso::image("cidata", #{ "meta-data": "instance-id: web1\n", "user-data": "#cloud-config\n" });
    /// print(image.len());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn image(label: ImmutableString, files: Map) -> Fallible<Blob> {
        Ok(write(&label, &files)?)
    }

    /// Reads the files in the root folder of an image: `#{ label, files }`.
    ///
    /// `files` has a blob for each name. Folders are left out.
    ///
    /// Errors: `usage` for what is no image, and for one whose files hold more than 64 MiB.
    ///
    /// ```rhai
    /// let seed = iso::read(iso::image("cidata", #{ "meta-data": "instance-id: web1\n" }));
    /// print(seed.files["meta-data"].as_string());
    /// ```
    #[rhai_fn(name = "read", return_raw)]
    pub fn read_image(image: Blob) -> Fallible<Map> {
        Ok(read(&image)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::code;

    fn files(list: &[(&str, &[u8])]) -> Map {
        list.iter().map(|(name, held)| ((*name).into(), Dynamic::from_blob(held.to_vec()))).collect()
    }

    fn held(image: &Map, name: &str) -> Vec<u8> {
        image["files"].read_lock::<Map>().unwrap()[name].clone().into_blob().unwrap()
    }

    #[test]
    fn what_is_written_can_be_read() {
        let large = vec![7; 5000];
        let image = write(
            "cidata",
            &files(&[("meta-data", b"a: 1\n"), ("user-data", &large), ("network-config", b"")]),
        );
        let seed = read(&image.unwrap()).unwrap();
        assert_eq!(seed["label"].clone().into_string().unwrap(), "cidata");
        assert_eq!(seed["files"].read_lock::<Map>().unwrap().len(), 3);
        assert_eq!(held(&seed, "meta-data"), b"a: 1\n");
        assert_eq!(held(&seed, "user-data"), large);
        assert_eq!(held(&seed, "network-config"), b"");
    }

    #[test]
    fn what_an_image_cannot_hold_is_refused() {
        let refused =
            |label: &str, list: &[(&str, &[u8])]| write(label, &files(list)).unwrap_err().code().to_owned();
        for label in ["", "a label", &"x".repeat(33), "é"] {
            assert_eq!(refused(label, &[]), code::USAGE, "{label}");
        }
        for name in ["", "a/b", "..", "a;1", &"x".repeat(65)] {
            assert_eq!(refused("cidata", &[(name, b"")]), code::USAGE, "{name}");
        }
        let number = Map::from([("a".into(), Dynamic::from_int(1))]);
        assert_eq!(write("cidata", &number).unwrap_err().code(), code::USAGE);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn files_come_back_as_they_were(list in prop::collection::btree_map("[a-zA-Z0-9_.-]{1,40}x", prop::collection::vec(any::<u8>(), 0..5000), 0..6)) {
            let list: Map = list.into_iter().map(|(name, held)| (name.as_str().into(), Dynamic::from_blob(held))).collect();
            let seed = read(&write("CIDATA", &list).unwrap()).unwrap();
            let back = seed["files"].read_lock::<Map>().unwrap().clone();
            prop_assert_eq!(back.len(), list.len());
            for (name, held) in &list {
                prop_assert_eq!(back[name].clone().into_blob().unwrap(), held.clone().into_blob().unwrap());
            }
        }

        #[test]
        fn nothing_that_is_read_ends_the_program(place in 32768usize..45056, byte in any::<u8>(), end in 0usize..60000) {
            let mut image = write("cidata", &files(&[("meta-data", b"a: 1\n"), ("user-data", &[7; 5000])])).unwrap();
            if let Some(there) = image.get_mut(place) {
                *there = byte;
            }
            image.truncate(end.max(16));
            let _ = read(&image);
        }
    }
}
