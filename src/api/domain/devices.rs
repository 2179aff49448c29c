//! Plugging devices in and out, and changing them. `import "devices"` has forms that write the XML.

use rhai::plugin::export_module;
use rhai::{Dynamic, ImmutableString};

use super::affect::{AFFECT, CONFIG, CURRENT, LIVE, PERSISTENT, affect, affect_of};
use super::disks::texts;
use crate::api::definition_text;
use crate::api::methods::methods_with_options;
use crate::error::Error;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, flag};
use crate::lang::suggest::nearest;
use crate::libvirt::{Domain, sys};

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
}

const DEVICE: &[OptionSpec] = &[LIVE, CONFIG, CURRENT, PERSISTENT];

/// Says where to look for what the guest does not have.
fn missing(error: Error) -> Error {
    match error.code() {
        "device_missing" => error.hint("vm.xml has the devices of the running guest, vm.xml_desc(#{ inactive: true }) those that are stored"),
        _ => error,
    }
}

/// Says which aliases there are, where the one that was meant is not: libvirt has no word for that.
fn missing_alias(vm: &Domain, alias: &str, error: Error) -> Error {
    let Ok(aliases) = texts(vm, "//alias/@name") else { return error };
    if error.code() != "internal_error" || aliases.iter().any(|known| known == alias) {
        return missing(error);
    }
    let hint = match nearest(alias, aliases.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("there are {}", aliases.join(", ")),
    };
    Error::new("device_missing", format!("{} has no device with the alias {alias:?}", vm.label()))
        .operation("domain.detach_device_alias")
        .object(vm.label())
        .cause(error.to_string())
        .hint(hint)
}

methods_with_options! {
    #[export_module(manifest)]
    /// Plugs a device into the guest (`virDomainAttachDeviceFlags`).
    ///
    /// Into the running guest if it runs, else into the definition. The device is XML, as text or as a document.
    ///
    /// Errors: `xml_error` and its relatives for XML that is no device, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").attach_device("<rng model='virtio'/>", #{ persistent: true }) } catch (e) { print(e.code) }
    /// ```
    fn attach_device(vm: Domain, device: Dynamic; options: DEVICE) -> () {
        Ok(vm.attach_device(&definition_text(&device)?, affect_of(vm, &options)?)?)
    }

    /// Unplugs a device from the guest (`virDomainDetachDeviceFlags`).
    ///
    /// From the running guest if it runs, else from the definition. The XML has to name one device, such as a disk by
    /// its target. A running guest has to let go of it: the call may return before it has; `detach_device_alias` never waits.
    ///
    /// Errors: `device_missing` for a device it does not have, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").detach_device("<disk><target dev='vdb'/></disk>") } catch (e) { print(e.code) }
    /// ```
    fn detach_device(vm: Domain, device: Dynamic; options: DEVICE) -> () {
        Ok(vm.detach_device(&definition_text(&device)?, affect_of(vm, &options)?).map_err(missing)?)
    }

    /// Asks the guest to give a device back, by its alias (`virDomainDetachDeviceAlias`).
    ///
    /// Does not wait for it. Aliases are in `vm.xml`, such as `virtio-disk1` or one of your own, `ua-data`. The event `device_removed` tells when it is gone.
    ///
    /// Errors: `device_missing` for an alias that there is not, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").detach_device_alias("ua-data") } catch (e) { print(e.code) }
    /// ```
    fn detach_device_alias(vm: Domain, alias: ImmutableString; options: AFFECT) -> () {
        let detached = vm.detach_device_alias(&alias, affect(&options)?);
        Ok(detached.map_err(|error| missing_alias(vm, &alias, error))?)
    }

    /// Changes a device of the guest, such as the medium of a drive (`virDomainUpdateDeviceFlags`).
    ///
    /// Of the running guest if it runs, else of the definition. The XML is the whole device as it shall be.
    ///
    /// Errors: `device_missing` for a device it does not have, `operation_unsupported` for a change that cannot be made
    /// while it runs.
    ///
    /// ```rhai
    /// try { domain("test").update_device("<graphics type='vnc'/>", #{ config: true }) } catch (e) { print(e.code) }
    /// ```
    fn update_device(vm: Domain, device: Dynamic; options: &[
        LIVE, CONFIG, CURRENT, PERSISTENT,
        flag(
            "force",
            sys::VIR_DOMAIN_DEVICE_MODIFY_FORCE,
            "Changes it even when the guest holds it, such as a locked tray.",
        ),
    ]) -> () {
        Ok(vm.update_device(&definition_text(&device)?, affect_of(vm, &options)?).map_err(missing)?)
    }
}
