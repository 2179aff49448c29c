//! The disks of a guest by what a script calls them: target or path.

use crate::error::{Error, Result};
use crate::lang::suggest::nearest;
use crate::libvirt::Domain;
use crate::xml::{Document, Node, Value};

/// The attributes of a disk's source that can name it.
const SOURCES: &[&str] = &["source/@file", "source/@dev", "source/@name", "source/@dir"];

/// The disks in a guest's live definition.
pub(super) struct Disks(Vec<Node>);

impl Disks {
    /// Reads the definition.
    pub(super) fn of(vm: &Domain) -> Result<Self> {
        let found = Document::parse(&vm.xml(0)?)?.all("devices/disk")?;
        Ok(Self(
            found
                .into_iter()
                .filter_map(|value| match value {
                    Value::Node(node) => Some(node),
                    Value::Text(_) => None,
                })
                .collect(),
        ))
    }

    /// The disk that has this target or this source.
    pub(super) fn find(&self, disk: &str) -> Result<Option<&Node>> {
        for node in &self.0 {
            if target(node)?.as_deref() == Some(disk) {
                return Ok(Some(node));
            }
        }
        for node in &self.0 {
            for source in SOURCES {
                if node.text_at(source)?.as_deref() == Some(disk) {
                    return Ok(Some(node));
                }
            }
        }
        Ok(None)
    }

    /// The targets of all.
    pub(super) fn targets(&self) -> Result<Vec<String>> {
        Ok(self.0.iter().map(target).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

/// Every text that a path finds in a guest's live definition.
pub(super) fn texts(vm: &Domain, path: &str) -> Result<Vec<String>> {
    let found = Document::parse(&vm.xml(0)?)?.all(path)?;
    Ok(found
        .into_iter()
        .filter_map(|value| match value {
            Value::Text(text) => Some(text),
            Value::Node(_) => None,
        })
        .collect())
}

/// The target of a disk.
pub(super) fn target(disk: &Node) -> Result<Option<String>> {
    disk.text_at("target/@dev")
}

/// The target of the disk that is meant: it stays the same when a job changes the source. What is not
/// found is left as it is, for libvirt to refuse.
pub(super) fn target_of(vm: &Domain, disk: &str) -> Result<String> {
    let disks = Disks::of(vm)?;
    let found = disks.find(disk)?.map(target).transpose()?.flatten();
    Ok(found.unwrap_or_else(|| disk.to_owned()))
}

/// Names the disks that there are in an error about one that there is not.
pub(super) fn explain(vm: &Domain, disk: &str, error: Error) -> Error {
    if !matches!(error.code(), "invalid_arg" | "operation_failed" | "internal_error") {
        return error;
    }
    let Ok(disks) = Disks::of(vm) else { return error };
    let (Ok(None), Ok(targets)) = (disks.find(disk), disks.targets()) else { return error };
    let hint = match nearest(disk, targets.iter().map(String::as_str)) {
        _ if targets.is_empty() => "the guest has no disks".into(),
        Some(near) => format!("did you mean {near:?}? the disks of the guest are {}", targets.join(", ")),
        None => format!("the disks of the guest are {}", targets.join(", ")),
    };
    error.replace_hint(hint)
}
