//! Groups of hosts: `[hosts.NAME]`.

use serde::Deserialize;

/// Where the hosts of a group come from; a group has exactly one of the three keys.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub enum HostGroup {
    /// `uris = ["qemu+ssh://root@kvm1/system", …]`.
    Uris(Vec<String>),
    /// `glob = "prod-*"`: matched against libvirt's own URI aliases.
    Glob(String),
    /// `command = ["ansible-inventory", "--list"]`: a program with its arguments that prints them.
    Command(Vec<String>),
}

/// The keys of a group as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    uris: Option<Vec<String>>,
    glob: Option<String>,
    command: Option<Vec<String>>,
}

impl TryFrom<Keys> for HostGroup {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, Self::Error> {
        match (keys.uris, keys.glob, keys.command) {
            (Some(uris), None, None) => Ok(Self::Uris(uris)),
            (None, Some(glob), None) => Ok(Self::Glob(glob)),
            (None, None, Some(command)) if command.is_empty() => Err("the command of the group is empty"),
            (None, None, Some(command)) => Ok(Self::Command(command)),
            _ => Err("a group of hosts has exactly one of the keys uris, glob and command"),
        }
    }
}
