//! What a job has to wait for before it can reach libvirt.

use std::path::Path;

use super::super::Target;
use crate::uri::is_remote;

/// The daemons of drivers: the scheme of the URI and the name of the daemon.
const DAEMONS: [(&str, &str); 6] = [
    ("qemu", "virtqemud"),
    ("lxc", "virtlxcd"),
    ("xen", "virtxend"),
    ("vbox", "virtvboxd"),
    ("ch", "virtchd"),
    ("bhyve", "virtbhyved"),
];

/// The daemons that each driver uses.
const HELPERS: [&str; 6] =
    ["virtnetworkd", "virtstoraged", "virtnodedevd", "virtsecretd", "virtnwfilterd", "virtinterfaced"];

/// The one daemon that has all drivers, on older hosts.
const MONOLITHIC: &str = "libvirtd";

/// What the service stands `After=`, and what it `Wants=`.
///
/// It stands after all that may be, but wants only what is enabled: a host has either one daemon for all drivers or one
/// for each, and to start the wrong ones would end the others.
pub(super) fn of(target: &Target, enabled: &Path) -> (Vec<String>, Vec<String>) {
    let uri = match target {
        Target::Uri(uri) => uri.as_str(),
        Target::Default => "",
        Target::Hosts(_) => return of_network(),
    };
    if is_remote(uri) {
        return of_network();
    }
    let scheme = uri.split([':', '+']).next().unwrap_or_default();
    let drivers: Vec<&str> = match scheme {
        "test" => return (Vec::new(), Vec::new()),
        "" => vec!["virtqemud", "virtlxcd"],
        scheme => DAEMONS.iter().filter(|(known, _)| *known == scheme).map(|(_, daemon)| *daemon).collect(),
    };
    let daemons = drivers.into_iter().chain(HELPERS).chain([MONOLITHIC]);
    let after: Vec<String> = daemons.map(|daemon| format!("{daemon}.socket")).collect();
    let wants = after.iter().filter(|socket| enabled.join("sockets.target.wants").join(socket).is_symlink());
    (after.clone(), wants.cloned().collect())
}

fn of_network() -> (Vec<String>, Vec<String>) {
    let online = vec!["network-online.target".to_owned()];
    (online.clone(), online)
}
