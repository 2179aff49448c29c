//! Secrets: passphrases that libvirt keeps for storage, TLS and TPMs.
//!
//! A secret has no name: it is called by what it is used for, or by its UUID. Its value shows nowhere by
//! itself: see [`value`].

mod finders;
mod value;

use rhai::FnPtr;
use rhai::plugin::{Dynamic, NativeCallContext, export_module};

use super::edit::{edited, validated};
use super::xml::{XmlDocument, refuse_assignment};
use super::{Fallible, words};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::OptionTable;
use crate::libvirt::{Connection, Secret, SecretValue, sys};
use crate::xml::Document;

/// Registers the types and their functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<virt::secret::Secret>(natives, "Secret");
    natives.global(&secret_functions::RHAI_MANIFEST);
    finders::register(natives);
    value::register(natives);
}

/// The option tables of this folder.
pub(super) const OPTIONS: &[&OptionTable] = finders::OPTIONS;

/// `virSecretUsageType`
const USAGE_TYPES: &[&str] = &["none", "volume", "ceph", "iscsi", "tls", "vtpm"];

/// What a secret is used for, in words: the kind of thing, and the thing.
pub(super) fn usage(secret: &Secret) -> Result<(String, String)> {
    let (kind, thing) = secret.usage()?;
    Ok((words::word(USAGE_TYPES, kind as i32).into_owned(), thing))
}

/// True where the definition says `yes`.
fn says_yes(secret: &Secret, attribute: &str) -> Result<bool> {
    let definition = Document::parse(&secret.xml()?)?;
    Ok(definition.root().attr(attribute).as_deref() == Some("yes"))
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod secret_functions {
    /// The UUID of the secret (`virSecretGetUUIDString`).
    ///
    /// ```rhai
    /// try { print(secrets()[0].uuid) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "uuid", pure)]
    pub fn get_uuid(secret: &mut Secret) -> String {
        secret.key().to_string()
    }

    /// What kind of thing the secret is used for (`virSecretGetUsageType`).
    ///
    /// `none`, `volume`, `ceph`, `iscsi`, `tls` or `vtpm`.
    ///
    /// ```rhai
    /// try { print(secrets()[0].usage_type) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "usage_type", return_raw, pure)]
    pub fn get_usage_type(secret: &mut Secret) -> Fallible<String> {
        Ok(usage(secret)?.0)
    }

    /// What the secret is used for: a volume's path, a name; empty for nothing (`virSecretGetUsageID`).
    ///
    /// ```rhai
    /// try { print(secrets()[0].usage_id) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "usage_id", return_raw, pure)]
    pub fn get_usage_id(secret: &mut Secret) -> Fallible<String> {
        Ok(usage(secret)?.1)
    }

    /// Whether the secret is only kept in memory (`virSecretGetXMLDesc`).
    ///
    /// ```rhai
    /// try { print(secrets()[0].ephemeral) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "ephemeral", return_raw, pure)]
    pub fn get_ephemeral(secret: &mut Secret) -> Fallible<bool> {
        Ok(says_yes(secret, "ephemeral")?)
    }

    /// Whether libvirt gives the value to nobody who asks for it (`virSecretGetXMLDesc`).
    ///
    /// ```rhai
    /// try { print(secrets()[0].private_) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "private_", return_raw, pure)]
    pub fn get_private(secret: &mut Secret) -> Fallible<bool> {
        Ok(says_yes(secret, "private")?)
    }

    /// The connection that the secret belongs to.
    ///
    /// ```rhai
    /// try { print(secrets()[0].connection().uri()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(secret: &mut Secret) -> Connection {
        Secret::connection(secret).clone()
    }

    /// The definition of the secret as a document, without its value (`virSecretGetXMLDesc`).
    ///
    /// The document is a copy: changing it changes no secret. `edit` changes the definition.
    ///
    /// ```rhai
    /// try { print(secrets()[0].xml["description"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(secret: &mut Secret) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&secret.xml()?)?, secret.key().to_string()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`, with `edit` as a hint.
    ///
    /// ```rhai
    /// try { let secret = secrets()[0]; secret.xml["description"] = "x" } catch (e) { print(e.code) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(secret: &mut Secret, document: Dynamic) -> Fallible<()> {
        let owner = secret.key().to_string();
        let hint = "use secret.edit(|doc| …) to change the definition";
        let refused = refuse_assignment(&document, &owner, hint);
        Ok(refused.map_err(|error| error.operation("secret.xml").object(secret.label()))?)
    }

    /// Changes the definition by a closure that gets it as a document (`virSecretDefineXML`).
    ///
    /// What the closure leaves is defined anew, unless it changes nothing. Returns whether something
    /// changed. The value stays. libvirt lets nobody change what the secret is used for.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// @closure XmlDocument
    ///
    /// ```rhai
    /// try { secrets()[0].edit(|doc| doc["description"] = "the old cluster") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn edit(context: NativeCallContext, secret: Secret, closure: FnPtr) -> Fallible<bool> {
        let Some(after) = edited(&context, &secret.xml()?, &closure)? else { return Ok(false) };
        validated(sys::VIR_SECRET_DEFINE_VALIDATE, |flags| {
            Secret::connection(&secret).define_secret(&after, flags)
        })
        .map_err(|error| error.object(secret.label()))?;
        Ok(true)
    }

    /// The value of the secret (`virSecretGetValue`).
    ///
    /// It shows nowhere by itself, and its memory is wiped when nobody holds it any more: `text()` and
    /// `blob()` of it make copies that are no longer kept from showing.
    ///
    /// Errors: `no_secret` for one without a value; `invalid_secret` for a private one; `read_only` on a
    /// read-only connection.
    ///
    /// ```rhai
    /// try { print(secrets()[0].value().len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn value(secret: &mut Secret) -> Fallible<SecretValue> {
        Ok(secret.value()?)
    }

    /// Sets the value of the secret: a text, a blob or the value of another one (`virSecretSetValue`).
    ///
    /// libvirt stores it, unless the secret is ephemeral. A text that stands in a script stays in the script's
    /// memory: a value is better read from a file or asked for.
    ///
    /// Errors: `usage` for anything else.
    ///
    /// ```rhai
    /// try { secrets()[0].set_value(fs::read_blob("/run/keys/ceph")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_value(secret: &mut Secret, value: Dynamic) -> Fallible<()> {
        let value = value::given(&value).map_err(|error| error.object(secret.label()))?;
        Ok(secret.set_value(value)?)
    }

    /// Removes the secret with its value (`virSecretUndefine`).
    ///
    /// Errors: `no_secret` when it is gone already.
    ///
    /// ```rhai
    /// try { secret("ceph", "client.old").undefine() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn undefine(secret: &mut Secret) -> Fallible<()> {
        Ok(secret.undefine()?)
    }
}
