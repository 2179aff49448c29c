//! Definitions in the form of libvirt and in that of the hypervisor behind it.

use rhai::plugin::{Dynamic, ImmutableString, export_module};

use crate::api::subject::of;
use crate::api::xml::XmlDocument;
use crate::api::{Fallible, definition_text};
use crate::lang::natives::Natives;
use crate::libvirt::Connection;
use crate::xml::Document;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&native_definitions::RHAI_MANIFEST);
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod native_definitions {
    /// Turns a hypervisor's configuration into a definition (`virConnectDomainXMLFromNative`).
    ///
    /// The format is a word such as `xen-xl`, `lxc-tools`, `vmware-vmx` or `bhyve-argv`; the configuration
    /// is the text itself, not the name of a file. Gives a document.
    ///
    /// Errors: `unsupported` where the driver cannot, `invalid_arg` for a format that it does not know.
    ///
    /// ```rhai
    /// try { print(conn().domain_xml_from_native("lxc-tools", "lxc.utsname = web1")["name"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn domain_xml_from_native(
        connection: &mut Connection,
        format: ImmutableString,
        config: ImmutableString,
    ) -> Fallible<XmlDocument> {
        Ok(Document::parse(&Connection::domain_xml_from_native(connection, &format, &config)?)?.into())
    }

    /// Turns a definition into the hypervisor's own form (`virConnectDomainXMLToNative`).
    ///
    /// The format is a word such as `qemu-argv` (the command line), `xen-xl` or `vmware-vmx`; the
    /// definition is XML, as text or as a document.
    ///
    /// Errors: `unsupported` where the driver cannot, `invalid_arg` for a format that it does not know.
    ///
    /// ```rhai
    /// try { print(conn().domain_xml_to_native("qemu-argv", domain("test").xml)) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn domain_xml_to_native(
        connection: &mut Connection,
        format: ImmutableString,
        definition: Dynamic,
    ) -> Fallible<String> {
        Ok(Connection::domain_xml_to_native(
            connection,
            &format,
            &definition_text(&definition).map_err(of("connection.domain_xml_to_native", connection))?,
        )?)
    }
}
