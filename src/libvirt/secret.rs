//! Secrets: passphrases that libvirt keeps for storage, TLS and TPMs.
//!
//! Each method names the C function behind it. A value is only ever in a [`SecretValue`], which
//! wipes its memory and shows itself nowhere.

mod value;

use std::os::raw::c_int;

use uuid::Uuid;
use virt::connect::Connect;
use virt::secret::Secret as Raw;
use virt::sys;

use super::connection::Connection;
use super::door::{Operation, change, destroy, read};
use super::failure::{Failure, Outcome, Report, check, check_pointer, text_of};
use super::handle::{Found, Handle, Object};
use super::typed_params::c_text;
use crate::error::{Error, Result};

pub use value::SecretValue;

/// A handle on a secret.
pub type Secret = Handle<Raw>;

impl Object for Raw {
    type Key = Uuid;

    fn find(connect: &Connect, key: &Uuid) -> Outcome<Self> {
        Ok(connect.lookup_secret_by_uuid(*key)?)
    }

    fn key(&self) -> Outcome<Uuid> {
        Ok(self.uuid()?)
    }

    /// What it is used for says more than its UUID; a secret for nothing in particular has only that.
    fn label(&self) -> Outcome<String> {
        match usage_id(self)? {
            usage if usage.is_empty() => Ok(self.uuid_string()?),
            usage => Ok(usage),
        }
    }

    fn connect(&self) -> Option<sys::virConnectPtr> {
        // SAFETY: a live secret.
        Some(unsafe { sys::virSecretGetConnect(self.as_ptr()) })
    }
}

/// What a secret is used for; empty where for nothing in particular.
fn usage_id(secret: &Raw) -> Outcome<String> {
    // SAFETY: a live secret. The text belongs to it and is copied at once: `virt`'s own method frees it.
    unsafe { text_of(sys::virSecretGetUsageID(secret.as_ptr())) }
        .ok_or_else(|| Failure::Libvirt(Report::last()))
}

/// libvirt says of a secret without a value that it is not found.
fn without_value(failure: Failure) -> Failure {
    match failure {
        Failure::Libvirt(report) if report.number == sys::VIR_ERR_NO_SECRET as i32 => {
            Failure::Own(Error::from(report).replace_hint("set_value(…) gives a secret its value"))
        }
        other => other,
    }
}

impl Secret {
    /// What it is used for (`virSecretGetUsageType`, `virSecretGetUsageID`): a kind of thing, of
    /// `virSecretUsageType`, and a volume's path, the name of an iSCSI target, …; the text is empty
    /// where it is for nothing in particular.
    pub fn usage(&self) -> Result<(u32, String)> {
        let uuid = *self.key();
        self.call_live(read("secret.usage"), move |live, _| {
            // Looked up anew: libvirt's object would go on answering for a secret that is gone.
            let secret = live.connect().lookup_secret_by_uuid(uuid)?;
            Ok((secret.usage_type()?, usage_id(&secret)?))
        })
    }

    /// Its description, without the value (`virSecretGetXMLDesc`).
    pub fn xml(&self) -> Result<String> {
        self.call(read("secret.xml"), |s| Ok(s.xml_desc(0)?))
    }

    /// Its value (`virSecretGetValue`); libvirt refuses it to a read-only connection.
    pub fn value(&self) -> Result<SecretValue> {
        self.call(read("secret.value"), |s| {
            let mut size = 0;
            // SAFETY: a live secret; the buffer of `size` bytes is ours, and `take` frees it.
            unsafe {
                let value = sys::virSecretGetValue(s.as_ptr(), &raw mut size, 0);
                Ok(SecretValue::take(check_pointer(value).map_err(without_value)?, size))
            }
        })
    }

    /// Sets its value (`virSecretSetValue`).
    pub fn set_value(&self, value: SecretValue) -> Result<()> {
        self.call(change("secret.set_value"), move |s| {
            let bytes = value.bytes();
            // SAFETY: a live secret and a buffer of its own length.
            check(unsafe { sys::virSecretSetValue(s.as_ptr(), bytes.as_ptr(), bytes.len(), 0) }).map(drop)
        })
    }

    /// Removes it with its value (`virSecretUndefine`).
    pub fn undefine(&self) -> Result<()> {
        self.call(destroy("secret.undefine"), |s| Ok(s.undefine()?))
    }
}

impl Connection {
    /// All secrets that fit the flags (`virConnectListAllSecrets`).
    pub fn secrets(&self, flags: u32) -> Result<Vec<Secret>> {
        let found = self.call_live(read("connection.secrets"), "", move |live| {
            Found::all(live, live.connect().list_all_secrets(flags)?)
        })?;
        Ok(Handle::all(self, found))
    }

    /// A secret by UUID in text (`virSecretLookupByUUIDString`).
    pub fn secret_by_uuid(&self, uuid: &str) -> Result<Secret> {
        c_text("a UUID", uuid)?;
        let owned = uuid.to_owned();
        self.secret_from(read("secret.lookup"), uuid, move |c| Ok(c.lookup_secret_by_uuid_string(&owned)?))
    }

    /// A secret by what it is used for (`virSecretLookupByUsage`); the type is of
    /// `virSecretUsageType`.
    pub fn secret_by_usage(&self, usage_type: u32, usage_id: &str) -> Result<Secret> {
        c_text("a usage", usage_id)?;
        let owned = usage_id.to_owned();
        self.secret_from(read("secret.lookup"), usage_id, move |c| {
            Ok(c.lookup_secret_by_usage(usage_type as c_int, &owned)?)
        })
    }

    /// Stores a secret without a value, or changes what is known of one (`virSecretDefineXML`).
    pub fn define_secret(&self, xml: &str, flags: u32) -> Result<Secret> {
        c_text("XML", xml)?;
        let xml = xml.to_owned();
        self.secret_from(change("secret.define"), "", move |c| Ok(c.define_secret_xml(&xml, flags)?))
    }

    fn secret_from(
        &self,
        operation: Operation,
        object: &str,
        make: impl FnOnce(&Connect) -> Outcome<Raw> + Send + 'static,
    ) -> Result<Secret> {
        let found = self.call_live(operation, object, move |live| Found::new(live, make(live.connect())?))?;
        Ok(Handle::new(self, found))
    }
}

#[cfg(test)]
mod tests;
