//! Options that describe parts of something, such as the disks of a snapshot.
//!
//! A part is a map with a table of its own, or a text as virsh takes it: `"vda,file=/a.qcow2"`, where
//! a comma that belongs to a value is written twice. Several parts are an array.

use rhai::{Array, Dynamic, Map};

use crate::error::{Error, Result};
use crate::lang::options::{OptionTable, Parsed};
use crate::xml::Node;

/// Reads the parts that an option describes. A word of a text without `=` is the first of the
/// table's options.
pub(super) fn read(options: &Parsed, name: &str, table: &'static OptionTable) -> Result<Vec<Parsed>> {
    let Some(value) = options.get_any(name)? else { return Ok(Vec::new()) };
    match value.try_cast_result::<Array>() {
        Ok(parts) => parts.into_iter().map(|part| read_one(part, table)).collect(),
        Err(part) => Ok(vec![read_one(part, table)?]),
    }
}

/// Reads one part.
pub(super) fn read_one(part: Dynamic, table: &'static OptionTable) -> Result<Parsed> {
    let map = match part.try_cast_result::<Map>() {
        Ok(map) => map,
        Err(part) => {
            let text = part.into_string().map_err(|given| {
                Error::usage(format!("{} is a map or a text, not {given}", table.function))
                    .hint(format!("for example #{{ {}: … }}", table.options[0].name))
            })?;
            from_text(&text, table)
        }
    };
    table.read(map)
}

fn from_text(text: &str, table: &OptionTable) -> Map {
    // No text holds a NUL that libvirt would accept, so it can stand for the doubled comma.
    let escaped = text.replace(",,", "\0");
    escaped
        .split(',')
        .map(|word| {
            let word = word.replace('\0', ",");
            match word.split_once('=') {
                Some((key, value)) if table.spec(key).is_some() => (key.into(), value.to_owned().into()),
                _ => (table.options[0].name.into(), word.into()),
            }
        })
        .collect()
}

/// Writes the options that were given to their places in an element.
pub(super) fn write(part: &Parsed, element: &Node, places: &[(&str, &str)]) -> Result<()> {
    for (option, place) in places {
        if let Some(text) = part.get_text(option)? {
            element.set(place, &text)?;
        }
    }
    Ok(())
}

/// The place of a source's path in a disk: a file, or a device where its type says so.
pub(super) fn source_place(part: &Parsed, element: &str) -> Result<String> {
    let is_block = part.get_text("type")?.as_deref() == Some("block");
    Ok(format!("{element}/@{}", if is_block { "dev" } else { "file" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::options::{text, word};

    static DISK: OptionTable = OptionTable {
        function: "a disk of Domain.test",
        options: &[
            text("name", "Which disk."),
            text("file", "Where."),
            word("snapshot", &["no", "external"], "How."),
        ],
    };

    fn texts(part: &str) -> (Option<String>, Option<String>) {
        let parsed = read_one(part.to_owned().into(), &DISK).unwrap();
        (parsed.get_text("name").unwrap(), parsed.get_text("file").unwrap())
    }

    #[test]
    fn a_text_reads_as_virsh_reads_it() {
        assert_eq!(texts("vda"), (Some("vda".into()), None));
        assert_eq!(texts("vda,file=/a,,b=c"), (Some("vda".into()), Some("/a,b=c".into())));
        assert_eq!(texts("/path/with=sign"), (Some("/path/with=sign".into()), None));
    }

    #[test]
    fn a_wrong_word_is_refused_with_what_is_meant() {
        let error = read_one("vda,snapshot=extern".into(), &DISK).unwrap_err();
        assert_eq!(error.code(), "usage");
        assert!(error.facts().hint.as_deref().unwrap().contains("external"), "{error:?}");
        let map = Map::from([("fil".into(), "/a".into())]);
        let error = read_one(map.into(), &DISK).unwrap_err();
        assert!(error.to_string().contains("a disk of Domain.test has no option `fil`"), "{error}");
        assert_eq!(read_one(Dynamic::TRUE, &DISK).unwrap_err().code(), "usage");
    }
}
