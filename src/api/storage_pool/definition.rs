//! The definition of a storage pool: reading, changing and removing it.

use rhai::plugin::{NativeCallContext, export_module};
use rhai::{Dynamic, FnPtr, Map};

use crate::api::Fallible;
use crate::api::edit::{edited, refuse_transient, stored, validated};
use crate::api::xml::{XmlDocument, refuse_assignment};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{StoragePool, sys};
use crate::xml::Document;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&pool_definition::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&XML_DESC];

static XML_DESC: OptionTable = OptionTable {
    function: "StoragePool.xml_desc",
    options: &[flag(
        "inactive",
        sys::VIR_STORAGE_XML_INACTIVE,
        "The stored definition, even while the pool runs.",
    )],
};

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod pool_definition {
    /// The definition of the pool as a document (`virStoragePoolGetXMLDesc`).
    ///
    /// While the pool runs, that of the running one. The document is a copy: changing it changes no pool. `edit` changes the definition.
    ///
    /// ```rhai
    /// print(pool("default-pool").xml["target/path"])
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(pool: &mut StoragePool) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&pool.xml(0)?)?, pool.key().to_string()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`, with `edit` as a hint.
    ///
    /// ```rhai
    /// let images = pool("default-pool");
    /// try { images.xml["target/path"] = "/images" } catch (e) { print(e.hint) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(pool: &mut StoragePool, document: Dynamic) -> Fallible<()> {
        let owner = pool.key().to_string();
        let refused = refuse_assignment(&document, &owner, "use pool.edit(|doc| …) to change the definition");
        Ok(refused.map_err(|error| error.operation("pool.xml").object(pool.label()))?)
    }

    /// The definition of the pool in the form that the options ask for (`virStoragePoolGetXMLDesc`).
    ///
    /// Errors: `unsupported` for an option that the driver lacks.
    ///
    /// ```rhai
    /// try { print(pool("default-pool").xml_desc(#{ inactive: true })["name"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn xml_desc(pool: &mut StoragePool, options: Map) -> Fallible<XmlDocument> {
        Ok(Document::parse(&pool.xml(XML_DESC.read(options)?.flags())?)?.into())
    }

    /// Changes the stored definition by a closure that gets it as a document.
    ///
    /// What the closure leaves is defined anew, unless it changes nothing. Returns whether something
    /// changed. A pool that runs goes on as it is until it is started anew.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// @closure XmlDocument
    ///
    /// ```rhai
    /// let images = pool("default-pool");
    /// images.edit(|doc| doc["target/permissions/mode"] = "0711");
    /// print(images.xml["target/permissions/mode"])
    /// ```
    #[rhai_fn(return_raw)]
    pub fn edit(context: NativeCallContext, pool: StoragePool, closure: FnPtr) -> Fallible<bool> {
        refuse_transient(pool.is_persistent()?, "pool", pool.label())?;
        let before = stored(sys::VIR_STORAGE_XML_INACTIVE, |flags| pool.xml(flags))?;
        let Some(after) = edited(&context, &before, &closure)? else { return Ok(false) };
        validated(sys::VIR_STORAGE_POOL_DEFINE_VALIDATE, |flags| {
            pool.connection().define_pool(&after, flags)
        })
        .map_err(|error| error.object(pool.label()))?;
        Ok(true)
    }

    /// Removes the stored definition of the pool; what it holds stays (`virStoragePoolUndefine`).
    ///
    /// Errors: `operation_invalid` while it runs.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(`<pool type="dir"><name>undefine-me</name>
    ///     <target><path>/srv/undefine-me</path></target></pool>`);
    /// pool.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn undefine(pool: &mut StoragePool) -> Fallible<()> {
        Ok(pool.undefine()?)
    }
}
