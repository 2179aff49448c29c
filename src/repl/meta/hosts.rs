//! `:hosts`: what there is to connect with.

use super::connect::only_uri;
use crate::config::{HostGroup, uri_aliases};
use crate::error::Result;
use crate::output::{Column, Data, Table};
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;
use crate::uri;

/// Lists the groups of the configuration, libvirt's aliases and the hosts of this session.
pub(super) fn run(shell: &mut Shell, _: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let aliases = uri_aliases::read();
    let mut rows: Vec<[String; 3]> = Vec::new();
    for (name, group) in &shell.sitting().hosts {
        for uri in hosts_of(group, &aliases) {
            rows.push([name.clone(), uri, "configuration".into()]);
        }
    }
    rows.extend(aliases.into_iter().map(|(name, uri)| [name, uri, "libvirt.conf".into()]));
    let now = shell.session().connection().uri();
    for uri in shell.sitting().recent.iter().rev() {
        let is_now = if *uri == now { "this session (now)" } else { "this session" };
        rows.push([String::new(), uri.clone(), is_now.into()]);
    }
    if rows.is_empty() {
        screen.tell(&shell.dim("no hosts are known: name some under [hosts.NAME] in config.toml"));
        return Ok(None);
    }
    let row = |[name, uri, source]: [String; 3]| {
        let name = if name.is_empty() { Data::Null } else { Data::Text(name) };
        vec![name, Data::Text(uri::without_password(&uri)), Data::Text(source)]
    };
    let columns = ["name", "uri", "from"].map(Column::new);
    let table = Table::new(columns.into_iter().collect(), rows.into_iter().map(row).collect());
    shell.show_table(table, screen)
}

/// The URIs of a group as far as they are known without running anything.
fn hosts_of(group: &HostGroup, aliases: &[(String, String)]) -> Vec<String> {
    match group {
        HostGroup::Uris(uris) => uris.clone(),
        HostGroup::Glob(pattern) => {
            let Ok(glob) = globset::Glob::new(pattern) else { return Vec::new() };
            let glob = glob.compile_matcher();
            aliases.iter().filter(|(name, _)| glob.is_match(name)).map(|(_, uri)| uri.clone()).collect()
        }
        HostGroup::Command(words) => vec![format!("what `{}` prints", words.join(" "))],
    }
}

/// What a name or a URI means: a group of one host, or what libvirt itself understands.
///
/// Errors: `usage` for a group of several.
pub(super) fn uri_of(shell: &Shell, name: &str) -> Result<String> {
    match shell.sitting().hosts.get(name) {
        Some(group) => only_uri(name, group),
        None => Ok(name.to_owned()),
    }
}

/// The words that complete behind `:connect`.
pub(in crate::repl) fn names(shell: &Shell) -> Vec<String> {
    let groups = shell.sitting().hosts.iter().flat_map(|(name, group)| match group {
        HostGroup::Uris(uris) if uris.len() == 1 => vec![name.clone()],
        HostGroup::Uris(uris) => uris.clone(),
        _ => Vec::new(),
    });
    let recent = shell.sitting().recent.iter().rev().cloned();
    let mut names: Vec<String> =
        groups.chain(uri_aliases::read().into_iter().map(|(name, _)| name)).chain(recent).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_means_the_aliases_that_fit() {
        let aliases = [("prod-1", "a:///"), ("prod-2", "b:///"), ("test", "c:///")];
        let aliases = aliases.map(|(name, uri)| (name.to_owned(), uri.to_owned()));
        assert_eq!(hosts_of(&HostGroup::Glob("prod-*".into()), &aliases), ["a:///", "b:///"]);
        assert_eq!(hosts_of(&HostGroup::Uris(vec!["x:///".into()]), &aliases), ["x:///"]);
    }
}
