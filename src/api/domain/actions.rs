//! What happens when a guest ends or starts with the host, open files for it, its display and its place in
//! the network.

use rhai::plugin::{NativeCallContext, export_module};
use rhai::{Array, Dynamic, ImmutableString, Map};
use std::os::fd::OwnedFd;

use super::affect::{AFFECT, affect};
use crate::api::host_context::allow;
use crate::api::methods::methods_with_options;
use crate::api::permissions::Permission;
use crate::api::{Fallible, words};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, boolean, duration, flag, int, word};
use crate::lang::suggest::nearest;
use crate::libvirt::{Domain, Params, Value, inherited_file, sys};

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
    natives.global(&action_functions::RHAI_MANIFEST);
}

/// The option tables of what is bound by hand here.
pub(super) const MORE_OPTIONS: &[&OptionTable] = &[&FD_ASSOCIATE];

static FD_ASSOCIATE: OptionTable = OptionTable {
    function: "Domain.fd_associate",
    options: &[
        flag(
            "seclabel_writable",
            sys::VIR_DOMAIN_FD_ASSOCIATE_SECLABEL_WRITABLE,
            "Labels the files so that the guest may write to them.",
        ),
        flag(
            "seclabel_restore",
            sys::VIR_DOMAIN_FD_ASSOCIATE_SECLABEL_RESTORE,
            "Gives the files their labels back when the guest ends.",
        ),
        boolean("readonly", "Opens paths for reading only."),
    ],
};

/// `virDomainLifecycle`
pub(in crate::api) const LIFECYCLES: &[&str] = &["poweroff", "reboot", "crash"];

/// `virDomainLifecycleAction`
pub(in crate::api) const ACTIONS: &[&str] =
    &["destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart"];

/// The number of a word, written with `-` or `_`.
fn word_number(what: &str, table: &[&'static str], given: &str) -> Result<u32> {
    words::number(table, &given.replace('_', "-")).ok_or_else(|| {
        let hint = match nearest(given, table.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("there are {}", table.join(", ")),
        };
        Error::usage(format!("there is no {what} {given:?}")).hint(hint)
    })
}

/// Opens what a script names as files: numbers of files that this process inherited, and paths.
pub(in crate::api) fn open_files(
    call: &NativeCallContext,
    what: &'static str,
    files: &Dynamic,
    readonly: bool,
) -> Fallible<Vec<OwnedFd>> {
    if let Some(array) = files.read_lock::<Array>() {
        let each = array.iter().map(|file| open_files(call, what, file, readonly));
        return Ok(each.collect::<Fallible<Vec<_>>>()?.into_iter().flatten().collect());
    }
    if let Ok(number) = files.as_int() {
        let opened = i32::try_from(number)
            .map_err(|_| Error::usage(format!("{number} is not the number of an open file")))
            .and_then(inherited_file);
        return Ok(vec![opened.map_err(|error| error.operation(what))?]);
    }
    let kind = files.type_name();
    let path = files.clone().into_string().map_err(|_| {
        Error::usage(format!("a file is a path or the number of an open file, not {kind}")).operation(what)
    })?;
    if !readonly {
        allow(call, Permission::Write, what, &path)?;
    }
    let file = std::fs::OpenOptions::new().read(true).write(!readonly).open(&path);
    Ok(vec![file.map_err(|e| Error::io(&path, &e).operation(what))?.into()])
}

methods_with_options! {
    #[export_module(manifest)]
    /// Sets what happens when the guest ends (`virDomainSetLifecycleAction`).
    ///
    /// `event` is `poweroff`, `reboot` or `crash`; `action` is `destroy`, `restart`, `rename-restart` or `preserve`, after
    /// a crash also `coredump-destroy` or `coredump-restart`.
    ///
    /// Errors: `usage` for another word, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_lifecycle_action("crash", "restart") } catch (e) { print(e.code) }
    /// ```
    fn set_lifecycle_action(vm: Domain, event: ImmutableString, action: ImmutableString; options: AFFECT) -> () {
        let number = |what, table, word| {
            word_number(what, table, word)
                .map_err(|e| e.operation("domain.set_lifecycle_action").object(vm.label()))
        };
        let event = number("event", LIFECYCLES, &event)?;
        let action = number("action", ACTIONS, &action)?;
        Ok(vm.set_lifecycle_action(event, action, affect(&options)?)?)
    }

    /// Has the guest's display read its certificates anew (`virDomainGraphicsReload`).
    ///
    /// Errors: `unsupported` before libvirt 10.2.0.
    ///
    /// ```rhai
    /// try { domain("test").graphics_reload(#{ kind: "vnc" }) } catch (e) { print(e.code) }
    /// ```
    fn graphics_reload(vm: Domain; options: &[
        word("kind", &["any", "vnc"], "Which displays; all without it."),
    ]) -> () {
        let vnc = options.get_text("kind")?.as_deref() == Some("vnc");
        Ok(vm.graphics_reload(u32::from(vnc))?)
    }

    /// Has the guest tell the network where a card of it is now (`virDomainAnnounceInterface`).
    ///
    /// The card by its host side (`vnet0`) or MAC address; an empty text is all cards.
    ///
    /// Errors: `unsupported` before libvirt 12.5.0.
    ///
    /// ```rhai
    /// try { domain("test").announce_interface("vnet0", #{ rounds: 5 }) } catch (e) { print(e.code) }
    /// ```
    fn announce_interface(vm: Domain, device: ImmutableString; options: &[
        duration("initial", "How long before the second time, in seconds."),
        duration("max", "The longest time between two times, in seconds."),
        int("rounds", "How often."),
        duration("step", "By how much the time between two times grows, in seconds."),
    ]) -> () {
        let mut settings = Params::new();
        for name in ["initial", "max", "step"] {
            if let Some(seconds) = options.get_duration(name)? {
                settings.push((name.to_owned(), Value::UInt((seconds * 1000.0) as u32)));
            }
        }
        if let Some(rounds) = options.get_int("rounds")? {
            let rounds = u32::try_from(rounds)
                .map_err(|_| Error::usage(format!("{rounds} is not a number of rounds")))?;
            settings.push(("rounds".to_owned(), Value::UInt(rounds)));
        }
        let device = Some(device.as_str()).filter(|device| !device.is_empty());
        Ok(vm.announce_interface(device, settings)?)
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod action_functions {
    /// The name of the host's scheduler for the guest, such as `posix` (`virDomainGetSchedulerType`).
    ///
    /// ```rhai
    /// print(domain("test").scheduler_type)
    /// ```
    #[rhai_fn(get = "scheduler_type", return_raw, pure)]
    pub fn get_scheduler_type(vm: &mut Domain) -> Fallible<String> {
        Ok(vm.scheduler_type()?)
    }

    /// Whether the guest starts with the host the next time only (`virDomainGetAutostartOnce`).
    ///
    /// Errors: `unsupported` before libvirt 11.2.0.
    ///
    /// ```rhai
    /// try { print(domain("test").autostart_once) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "autostart_once", return_raw, pure)]
    pub fn get_autostart_once(vm: &mut Domain) -> Fallible<bool> {
        Ok(vm.autostart_once()?)
    }

    /// Sets whether the guest starts with the host the next time only (`virDomainSetAutostartOnce`).
    ///
    /// Errors: `unsupported` before libvirt 11.2.0.
    ///
    /// ```rhai
    /// try { domain("test").set_autostart_once(true) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(set = "autostart_once", name = "set_autostart_once", return_raw)]
    pub fn set_autostart_once(vm: &mut Domain, on: bool) -> Fallible<()> {
        Ok(vm.set_autostart_once(on)?)
    }

    /// Gives open files a name that the guest's disks refer to (`virDomainFDAssociate`).
    ///
    /// A path, the number of a file that this program inherited, or an array of these. A disk refers to it by
    /// `<source file='…' fdgroup='NAME'>`; the name holds as long as this connection.
    ///
    /// Errors: `io` for a file that cannot be opened, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").fd_associate("data", ["/nowhere/data.img"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fd_associate(
        context: NativeCallContext,
        vm: Domain,
        name: ImmutableString,
        files: Dynamic,
    ) -> Fallible<()> {
        fd_associate_with(context, vm, name, files, Map::new())
    }

    /// Gives open files a name that the guest's disks refer to, with options (`virDomainFDAssociate`).
    ///
    /// See the form without options.
    ///
    /// Errors: `io` for a file that cannot be opened, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").fd_associate("data", "/nowhere/data.img", #{ readonly: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "fd_associate", return_raw)]
    pub fn fd_associate_with(
        context: NativeCallContext,
        vm: Domain,
        name: ImmutableString,
        files: Dynamic,
        options: Map,
    ) -> Fallible<()> {
        let options = FD_ASSOCIATE.read(options)?;
        let files = open_files(&context, "domain.fd_associate", &files, options.flag("readonly"))?;
        Ok(vm.fd_associate(&name, files, options.flags())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_at_their_numbers() {
        let action = |word| word_number("action", ACTIONS, word).unwrap();
        assert_eq!(action("rename_restart"), sys::VIR_DOMAIN_LIFECYCLE_ACTION_RESTART_RENAME);
        assert_eq!(action("coredump-restart"), sys::VIR_DOMAIN_LIFECYCLE_ACTION_COREDUMP_RESTART);
        assert_eq!(word_number("event", LIFECYCLES, "crash").unwrap(), sys::VIR_DOMAIN_LIFECYCLE_CRASH);
        let error = word_number("action", ACTIONS, "restrat").unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean \"restart\"?"));
    }
}
