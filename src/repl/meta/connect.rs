//! `:connect`: another default connection.

use super::hosts;
use crate::config::HostGroup;
use crate::error::{Error, Result};
use crate::libvirt::Connection;
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;
use crate::uri::without_password;

/// `:connect URI [--readonly]`, and `:connect` for the same connection anew. Where it fails, nothing has changed.
pub(super) fn run(shell: &mut Shell, rest: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let now = shell.session().connection();
    let mut readonly = false;
    let mut named = None;
    for word in rest.split_whitespace() {
        match word {
            "--readonly" | "-r" => readonly = true,
            uri if named.is_none() && !uri.starts_with('-') => {
                named = Some(uri.trim_matches(['"', '\'', '`']));
            }
            other => {
                return Err(Error::usage(format!("`:connect` does not take {other:?}"))
                    .hint("`:connect URI`, and `--readonly` behind it"));
            }
        }
    }
    let (uri, readonly) = match named {
        Some(name) => (Some(hosts::uri_of(shell, name)?), readonly),
        None => (Some(now.uri()).filter(|uri| uri != "default"), readonly || now.is_readonly()),
    };
    let connection = Connection::new(uri.clone(), readonly, now.door().clone());
    connection.open()?;
    let opened = connection.uri();
    shell.use_connection(connection);
    if named.is_none() {
        screen.tell(&shell.dim(&format!("{} is open anew", without_password(&opened))));
    } else {
        let journal = &mut shell.sitting_mut().journal;
        journal.connected(&uri.unwrap_or(opened), readonly);
    }
    Ok(None)
}

/// The only URI of a group of hosts.
///
/// Errors: `usage` where it has another number of them, or is not a list.
pub(super) fn only_uri(name: &str, group: &HostGroup) -> Result<String> {
    let error = match group {
        HostGroup::Uris(uris) => match &uris[..] {
            [one] => return Ok(one.clone()),
            several => Error::usage(format!("{name} is a group of {} hosts", several.len()))
                .hint(format!("connect to one of them: {}", shown(several))),
        },
        HostGroup::Glob(_) | HostGroup::Command(_) => {
            Error::usage(format!("{name} is a group of hosts")).hint("`:hosts` lists them: connect to one")
        }
    };
    Err(error.operation("connect"))
}

fn shown(uris: &[String]) -> String {
    uris.iter().map(|uri| without_password(uri)).collect::<Vec<_>>().join(", ")
}
