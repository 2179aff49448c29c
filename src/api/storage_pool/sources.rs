//! Storage that could become a pool, and what kinds of pools the host knows.

use rhai::Map;
use rhai::plugin::{ImmutableString, export_module};

use crate::api::Fallible;
use crate::api::host::Host;
use crate::api::xml::XmlDocument;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, any, int, text};
use crate::libvirt::Connection;
use crate::xml::Document;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&pool_sources::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&FIND];

static FIND: OptionTable = OptionTable {
    function: "Connection.find_pool_sources",
    options: &[
        text("host", "The server to ask."),
        int("port", "The port to ask it at."),
        text("initiator", "The name that this host has for iSCSI."),
        any("source", "All that as XML, a `source` element, as text or as a document.").alias("srcspec"),
    ],
};

/// The `source` element that says where to look; none for this host as a whole.
fn source(options: Map) -> Result<Option<String>> {
    let options = FIND.read(options)?;
    let parts = [
        ("host/@name", options.get_text("host")?),
        ("host/@port", options.get_int("port")?.map(|port| port.to_string())),
        ("initiator/iqn/@name", options.get_text("initiator")?),
    ];
    if let Some(given) = options.get_any("source")? {
        if parts.iter().any(|(_, value)| value.is_some()) {
            return Err(Error::usage("`source` says everything: it cannot be given with other options")
                .operation(FIND.operation()));
        }
        return crate::api::definition_text(&given).map(Some);
    }
    if parts.iter().all(|(_, value)| value.is_none()) {
        return Ok(None);
    }
    if !options.has("host") {
        return Err(Error::usage("a port or an initiator needs a `host`").operation(FIND.operation()));
    }
    let xml = Document::parse("<source/>")?;
    for (path, value) in parts {
        if let Some(value) = value {
            xml.set(path, &value)?;
        }
    }
    Ok(Some(xml.to_string()))
}

fn find(connection: &Connection, kind: &str, options: Map) -> Result<XmlDocument> {
    let found = connection.find_pool_sources(kind, source(options)?.as_deref())?;
    Ok(Document::parse(&found)?.into())
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod pool_sources {
    /// Storage of this host that could become a pool of a type (`virConnectFindStoragePoolSources`).
    ///
    /// A document with one `source` for each, to be put into a definition. The type is one of dir, fs,
    /// netfs, logical, disk, iscsi, … as in `pools()`.
    ///
    /// Errors: `unsupported`, `no_support` and `invalid_arg` for a type
    /// that cannot be searched, or only on a server.
    ///
    /// ```rhai
    /// try { print(conn().find_pool_sources("logical")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn find_pool_sources(connection: &mut Connection, kind: ImmutableString) -> Fallible<XmlDocument> {
        Ok(find(connection, &kind, Map::new())?)
    }

    /// Storage of a server that could become a pool of a type (`virConnectFindStoragePoolSources`).
    ///
    /// Errors: `unsupported` and `invalid_arg` for a type that cannot be
    /// searched, `internal_error` and `operation_failed` where the server does not answer.
    ///
    /// ```rhai
    /// try { print(conn().find_pool_sources("netfs", #{ host: "localhost" })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "find_pool_sources", return_raw, pure)]
    pub fn find_pool_sources_with(
        connection: &mut Connection,
        kind: ImmutableString,
        options: Map,
    ) -> Fallible<XmlDocument> {
        Ok(find(connection, &kind, options)?)
    }

    /// The kinds of storage pools that the host knows (`virConnectGetStoragePoolCapabilities`).
    ///
    /// A document with one `pool` for each.
    ///
    /// Errors: `unsupported` where the driver does not tell.
    ///
    /// ```rhai
    /// try { print(host().storage_pool_capabilities().all("pool[@supported='yes']/@type")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn storage_pool_capabilities(host: &mut Host) -> Fallible<XmlDocument> {
        Ok(Document::parse(&host.0.storage_pool_capabilities()?)?.into())
    }
}
