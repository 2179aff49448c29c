//! The security labels of a guest, what libvirt has to say about it, and starts with encrypted memory.

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, Map};

use super::settings::{to_map, to_params};
use crate::api::Fallible;
use crate::api::methods::methods_with_options;
use crate::lang::natives::Natives;
use crate::lang::options::flag;
use crate::libvirt::{Domain, Params, SecurityLabel, Tuning, Value, sys};

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
    natives.global(&security_functions::RHAI_MANIFEST);
}

fn label(label: SecurityLabel) -> Map {
    Map::from([("label".into(), label.label.into()), ("enforcing".into(), label.enforcing.into())])
}

/// What `virDomainSetLaunchSecurityState` takes.
fn launch_security_settings() -> Params {
    let text = || Value::String(String::new());
    vec![
        ("sev-secret".into(), text()),
        ("sev-secret-header".into(), text()),
        ("sev-secret-set-address".into(), Value::ULLong(0)),
    ]
}

methods_with_options! {
    #[export_module(manifest)]
    /// What libvirt has to say about the guest, as texts (`virDomainGetMessages`).
    ///
    /// Such as the use of what is deprecated; of all kinds without an option.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// @returns [string]
    ///
    /// ```rhai
    /// for message in domain("test").messages(#{ tainting: true }) { print(message) }
    /// ```
    fn messages(vm: Domain; options: &[
        flag("deprecation", sys::VIR_DOMAIN_MESSAGE_DEPRECATION, "What it uses that is deprecated."),
        flag("tainting", sys::VIR_DOMAIN_MESSAGE_TAINTING, "What makes it unfit for support."),
        flag("ioerrors", sys::VIR_DOMAIN_MESSAGE_IOERRORS, "Errors of its disks (newer than libvirt 9.0.0)."),
    ]) -> Array {
        Ok(vm.messages(options.flags())?.into_iter().map(Dynamic::from).collect())
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod security_functions {
    /// The security label of the running guest: `#{ label, enforcing }` (`virDomainGetSecurityLabel`).
    ///
    /// Of the host's first security driver; the label is empty where it has none.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").security_label().label) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn security_label(vm: &mut Domain) -> Fallible<Map> {
        Ok(label(vm.security_label()?))
    }

    /// The security labels of the running guest (`virDomainGetSecurityLabelList`).
    ///
    /// One of each security driver of the host: `#{ label, enforcing }`.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// try { print(domain("test").security_labels().len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn security_labels(vm: &mut Domain) -> Fallible<Array> {
        Ok(vm.security_labels()?.into_iter().map(label).map(Dynamic::from).collect())
    }

    /// What the owner of a guest with encrypted memory checks it by (`virDomainGetLaunchSecurityInfo`).
    ///
    /// A map with libvirt's names, such as `sev_measurement` (base64); empty where there is nothing.
    ///
    /// Errors: `operation_invalid` for a guest without such a start, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").launch_security_info()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn launch_security_info(vm: &mut Domain) -> Fallible<Map> {
        Ok(to_map(vm.tuning(Tuning::LAUNCH_SECURITY, "", 0)?))
    }

    /// Puts the owner's secret into a guest with encrypted memory (`virDomainSetLaunchSecurityState`).
    ///
    /// `#{ sev_secret_header, sev_secret }` in base64, and `sev_secret_set_address`, where in the guest's memory.
    ///
    /// Errors: `operation_invalid` for a guest that is not paused at its start, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try {
    ///     domain("test").set_launch_security_state(#{ sev_secret_header: "aGVhZA==", sev_secret: "c2VjcmV0" })
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_launch_security_state(vm: &mut Domain, settings: Map) -> Fallible<()> {
        let settings = to_params(&launch_security_settings(), settings)
            .map_err(|e| e.operation(Tuning::LAUNCH_SECURITY.set_name).object(vm.label()))?;
        Ok(vm.set_tuning(Tuning::LAUNCH_SECURITY, "", settings, 0)?)
    }
}
