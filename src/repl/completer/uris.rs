//! The URIs that a connection can be opened with: libvirt's aliases, the groups of hosts of the configuration,
//! and what was connected to before.

use std::path::{Path, PathBuf};

use crate::config::{Config, Env, HostGroup};

/// Returns the aliases of libvirt's own configuration and the URIs of the groups of hosts.
pub(super) fn configured() -> Vec<(String, String)> {
    let aliases = libvirt_conf().and_then(|file| std::fs::read_to_string(file).ok());
    let mut found = aliases.map(|text| aliases_of(&text)).unwrap_or_default();
    // A configuration that cannot be read has been told at the start.
    let groups = Config::load(&Env::of_process()).map(|config| config.hosts).unwrap_or_default();
    for (name, group) in groups {
        if let HostGroup::Uris(uris) = group {
            found.extend(uris.into_iter().map(|uri| (uri, format!("a host of {name}"))));
        }
    }
    found
}

/// Where libvirt's client looks: root has the system's file, others their own.
fn libvirt_conf() -> Option<PathBuf> {
    if Env::of_process().root {
        return Some("/etc/libvirt/libvirt.conf".into());
    }
    let own = std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".config"));
    Some(own.or_else(home)?.join("libvirt/libvirt.conf"))
}

/// Reads `uri_aliases = [ "name=uri", … ]`.
fn aliases_of(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let text = lines.join("\n");
    let list = text.split_once("uri_aliases").and_then(|(_, rest)| rest.trim_start().strip_prefix('='));
    let list =
        list.and_then(|rest| rest.trim_start().strip_prefix('[')).and_then(|rest| rest.split_once(']'));
    let quoted = list.map(|(list, _)| list.split('"').skip(1).step_by(2)).into_iter().flatten();
    quoted.filter_map(|entry| entry.split_once('=')).map(|(name, uri)| (name.into(), uri.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_read_as_libvirt_writes_them() {
        let text = "#uri_aliases = [ \"no=x:///\" ]\nuri_aliases = [\n  \"kvm1=qemu+ssh://root@kvm1/system?a=b\",\n  # more\n  \"lab=test:///default\",\n]\nuri_default = \"lab\"\n";
        let pair = |name: &str, uri: &str| (name.to_owned(), uri.to_owned());
        assert_eq!(
            aliases_of(text),
            [pair("kvm1", "qemu+ssh://root@kvm1/system?a=b"), pair("lab", "test:///default")]
        );
        assert!(aliases_of("uri_aliases").is_empty());
    }
}
