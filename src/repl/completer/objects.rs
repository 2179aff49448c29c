//! The object that a piece of source stands for, told without asking anybody.

use rhai::Dynamic;

use super::At;
use crate::lang::infer::live;
use crate::lang::tokens::{Class, tokens};
use crate::libvirt::{Connection, Domain, Network, StoragePool};

/// An object and the connection that has it.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) connection: Connection,
    /// `domain`, `network` or `pool`.
    pub(super) kind: &'static str,
    pub(super) name: String,
}

impl At<'_> {
    /// Returns the object of a variable of the session, or of a finder that is called with a name: `vm`,
    /// `guests[0]`, `domain("web1")`, `c.pool("images")`.
    pub(super) fn object(&self, source: &str) -> Option<Object> {
        live::look(source, self.scope, of_value).flatten().or_else(|| self.found(source))
    }

    /// Returns the connection that a finder is called on, where that can be told without a call.
    pub(super) fn connection(&self, source: &str) -> Option<Connection> {
        match source.trim() {
            "" | "conn()" => Some(self.shell.session().connection()),
            source => live::value(source, self.scope)?.try_cast::<Connection>(),
        }
    }

    fn found(&self, source: &str) -> Option<Object> {
        let pieces = tokens(source);
        let text = |back: usize| pieces.len().checked_sub(back).map_or("", |at| pieces[at].text(source));
        let name = pieces.len().checked_sub(2).filter(|&at| pieces[at].class == Class::String)?;
        if text(1) != ")" || text(3) != "(" {
            return None;
        }
        let kind = ["domain", "network", "pool"].into_iter().find(|kind| *kind == text(4))?;
        let on = pieces.len().checked_sub(5).map_or("", |dot| &source[..pieces[dot].start]);
        Some(Object {
            connection: self.connection(on)?,
            kind,
            name: pieces[name].text(source).trim_matches(['"', '`']).to_owned(),
        })
    }
}

fn of_value(value: &Dynamic) -> Option<Object> {
    if let Some(domain) = value.read_lock::<Domain>() {
        return Some(of("domain", domain.connection(), domain.label()));
    }
    if let Some(network) = value.read_lock::<Network>() {
        return Some(of("network", network.connection(), network.label()));
    }
    let pool = value.read_lock::<StoragePool>()?;
    Some(of("pool", pool.connection(), pool.label()))
}

fn of(kind: &'static str, connection: &Connection, name: &str) -> Object {
    Object { connection: connection.clone(), kind, name: name.to_owned() }
}

/// Returns the definition of an object, as one text in a list as names are.
pub(super) fn definition(
    connection: &Connection,
    kind: &str,
    name: &str,
) -> crate::error::Result<Vec<String>> {
    Ok(vec![match kind {
        "domain" => connection.domain_by_name(name)?.xml(0)?,
        "network" => connection.network_by_name(name)?.xml(0)?,
        _ => connection.pool_by_name(name)?.xml(0)?,
    }])
}
