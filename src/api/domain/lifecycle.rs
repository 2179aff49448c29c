//! Starting, stopping and everything between.

use rhai::Map;
use rhai::plugin::{NativeCallContext, export_module};

use super::actions::open_files;
use crate::api::Fallible;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, any, flag, word};
use crate::libvirt::{Domain, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_lifecycle::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&START, &SHUTDOWN, &REBOOT, &DESTROY];

pub(super) static START: OptionTable = OptionTable {
    function: "Domain.start",
    options: &[
        flag("paused", sys::VIR_DOMAIN_START_PAUSED, "Leaves its CPUs stopped until resume()."),
        flag("autodestroy", sys::VIR_DOMAIN_START_AUTODESTROY, "Ends it when this connection ends."),
        flag("bypass_cache", sys::VIR_DOMAIN_START_BYPASS_CACHE, "Reads a managed save past the file cache."),
        flag("force_boot", sys::VIR_DOMAIN_START_FORCE_BOOT, "Throws a managed save away and boots."),
        flag("validate", sys::VIR_DOMAIN_START_VALIDATE, "Checks the XML against libvirt's schema."),
        flag("reset_nvram", sys::VIR_DOMAIN_START_RESET_NVRAM, "Starts with a fresh NVRAM file."),
        any("pass_fds", "Open files for a container's first process: paths, or numbers of inherited files."),
    ],
};

const MODES: &[&str] = &["acpi", "agent", "initctl", "signal", "paravirt"];

/// The ways to ask; given several, the driver chooses among them. The numbers for a reboot are the same.
const WAYS: &[OptionSpec] = &[
    word("mode", MODES, "How to ask; without it the driver chooses."),
    flag("acpi_power_btn", sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN, "Presses the power button.")
        .alias("acpi"),
    flag("guest_agent", sys::VIR_DOMAIN_SHUTDOWN_GUEST_AGENT, "Asks the agent in the guest.").alias("agent"),
    flag("initctl", sys::VIR_DOMAIN_SHUTDOWN_INITCTL, "Writes to the init process of a container."),
    flag("signal", sys::VIR_DOMAIN_SHUTDOWN_SIGNAL, "Sends a signal to the init process of a container."),
    flag("paravirt", sys::VIR_DOMAIN_SHUTDOWN_PARAVIRT, "Asks the driver in a paravirtual guest."),
];

static SHUTDOWN: OptionTable = OptionTable { function: "Domain.shutdown", options: WAYS };
static REBOOT: OptionTable = OptionTable { function: "Domain.reboot", options: WAYS };

static DESTROY: OptionTable = OptionTable {
    function: "Domain.destroy",
    options: &[
        flag("graceful", sys::VIR_DOMAIN_DESTROY_GRACEFUL, "Fails rather than kill a process that hangs."),
        flag("remove_logs", sys::VIR_DOMAIN_DESTROY_REMOVE_LOGS, "Removes the log files of the guest too."),
    ],
};

/// The bits of the ways to ask.
fn ways(options: &Parsed) -> Fallible<u32> {
    let mode = match options.get_text("mode")?.as_deref() {
        Some("acpi") => sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN,
        Some("agent") => sys::VIR_DOMAIN_SHUTDOWN_GUEST_AGENT,
        Some("initctl") => sys::VIR_DOMAIN_SHUTDOWN_INITCTL,
        Some("signal") => sys::VIR_DOMAIN_SHUTDOWN_SIGNAL,
        Some("paravirt") => sys::VIR_DOMAIN_SHUTDOWN_PARAVIRT,
        _ => sys::VIR_DOMAIN_SHUTDOWN_DEFAULT,
    };
    Ok(mode | options.flags())
}

#[export_module(manifest)]
mod domain_lifecycle {
    /// Starts the guest (`virDomainCreateWithFlags`).
    ///
    /// Errors: `operation_invalid` when it runs already.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.destroy();
    /// vm.start();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn start(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.start(0)?)
    }

    /// Starts the guest with options (`virDomainCreateWithFlags`).
    ///
    /// Errors: `operation_invalid` when it runs already.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.destroy();
    /// try { vm.start(#{ paused: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "start", return_raw)]
    pub fn start_with(context: NativeCallContext, vm: Domain, options: Map) -> Fallible<()> {
        let options = START.read(options)?;
        match options.get_any("pass_fds")? {
            None => Ok(vm.start(options.flags())?),
            Some(files) => {
                let files = open_files(&context, "domain.start", &files, false)?;
                Ok(vm.start_with_files(files, options.flags())?)
            }
        }
    }

    /// Asks the guest to shut down, and does not wait for it (`virDomainShutdown`).
    ///
    /// The guest may ignore it: `vm.wait("shutoff", "90s")` tells, `vm.destroy()` forces.
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.shutdown();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn shutdown(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.shutdown(0)?)
    }

    /// Asks the guest to shut down in a given way (`virDomainShutdownFlags`).
    ///
    /// Errors: `operation_invalid` when it does not run, `unsupported` for a way that the driver lacks.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.shutdown(#{ mode: "acpi" }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "shutdown", return_raw, pure)]
    pub fn shutdown_with(vm: &mut Domain, options: Map) -> Fallible<()> {
        Ok(vm.shutdown(ways(&SHUTDOWN.read(options)?)?)?)
    }

    /// Asks the guest to reboot (`virDomainReboot`).
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// domain("test").reboot();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn reboot(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.reboot(0)?)
    }

    /// Asks the guest to reboot in a given way (`virDomainReboot`).
    ///
    /// Errors: `operation_invalid` when it does not run, `unsupported` for a way that the driver lacks.
    ///
    /// ```rhai
    /// try { domain("test").reboot(#{ mode: "agent" }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "reboot", return_raw, pure)]
    pub fn reboot_with(vm: &mut Domain, options: Map) -> Fallible<()> {
        Ok(vm.reboot(ways(&REBOOT.read(options)?)?)?)
    }

    /// Resets the guest as its button would: what is not on disk is lost (`virDomainReset`).
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// try { domain("test").reset() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn reset(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.reset()?)
    }

    /// Ends the guest at once, as pulling its plug would (`virDomainDestroy`).
    ///
    /// Its definition and disks stay. A transient guest vanishes.
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// domain("test").destroy();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn destroy(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.destroy(0)?)
    }

    /// Ends the guest at once, with options (`virDomainDestroyFlags`).
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// try { domain("test").destroy(#{ graceful: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "destroy", return_raw, pure)]
    pub fn destroy_with(vm: &mut Domain, options: Map) -> Fallible<()> {
        Ok(vm.destroy(DESTROY.read(options)?.flags())?)
    }

    /// Stops the CPUs of the guest; its memory stays (`virDomainSuspend`).
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// domain("test").suspend();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn suspend(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.suspend()?)
    }

    /// Lets the CPUs of a paused guest run again (`virDomainResume`).
    ///
    /// Errors: `operation_invalid` when it is off.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.suspend();
    /// vm.resume();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn resume(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.resume()?)
    }

    /// Wakes a guest that suspended itself (`virDomainPMWakeup`).
    ///
    /// Errors: `operation_invalid` when it is not suspended, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").pm_wakeup() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn pm_wakeup(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.pm_wakeup()?)
    }
}
