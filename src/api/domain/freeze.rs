//! Frozen file systems of a guest, which are thawed again whatever happens to the script.

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{FnPtr, Map};

use crate::api::Fallible;
use crate::api::closure::call_with;
use crate::config::{Env, Folders};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, duration, list};
use crate::libvirt::{DEFAULT_FREEZE_LIMIT, Domain, Guarding};
use crate::units;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_freeze::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&FREEZE, &FROZEN];

const LIMIT: &str = "When they are thawed even if the script goes on; 60 s without it.";

static FREEZE: OptionTable = OptionTable {
    function: "Domain.fs_freeze",
    options: &[
        list("mountpoints", "Only the file systems at these places.").alias("mountpoint"),
        duration("limit", LIMIT),
    ],
};

static FROZEN: OptionTable = OptionTable {
    function: "Domain.frozen",
    options: &[
        list("mountpoints", "Only the file systems at these places.").alias("mountpoint"),
        duration("limit", LIMIT),
    ],
};

fn freeze(vm: &Domain, options: &Parsed) -> Result<u32> {
    let limit = options.get_duration("limit")?.map_or(Ok(DEFAULT_FREEZE_LIMIT), units::seconds)?;
    let folders = Folders::find(&Env::of_process());
    let places = options.get_list("mountpoints")?.unwrap_or_default();
    vm.fs_freeze(&places, &Guarding::new(folders.state()?, limit))
}

fn while_frozen(
    context: &NativeCallContext,
    vm: &Domain,
    options: &Parsed,
    closure: &FnPtr,
) -> Fallible<Dynamic> {
    freeze(vm, options)?;
    let value = call_with(context, closure, vm);
    let thawed = vm.fs_thaw();
    // What went wrong inside is the first failure; a thaw that fails is the guard's from here on.
    let value = value?;
    thawed?;
    Ok(value)
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_freeze {
    /// Freezes the guest's file systems, runs a closure, thaws them, and returns the closure's value.
    ///
    /// The closure is given the guest, because it cannot use the variable that it is called on. They are
    /// thawed in every case: when the closure fails, when the script is killed with signal 9 (a small
    /// process waits for that), and 60 seconds after the freeze even if the closure still runs. A snapshot with `quiesce` does this by itself.
    ///
    /// Errors: those of the closure; `timeout` where the limit had passed before the closure was done, so
    /// that what it did may not be consistent; those of `fs_freeze` and `fs_thaw`.
    ///
    /// @closure self
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// let count = vm.frozen(|vm| vm.snapshots().len());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn frozen(context: NativeCallContext, vm: Domain, closure: FnPtr) -> Fallible<Dynamic> {
        while_frozen(&context, &vm, &FROZEN.read(Map::new())?, &closure)
    }

    /// Runs a closure while some of the guest's file systems are frozen, or for longer than 60 seconds.
    ///
    /// Errors: those of the closure; `timeout` where the limit had passed before the closure was done;
    /// those of `fs_freeze` and `fs_thaw`.
    ///
    /// @closure self
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.frozen(|vm| vm.snapshots().len(), #{ limit: "5m" });
    /// ```
    #[rhai_fn(name = "frozen", return_raw)]
    pub fn frozen_with(
        context: NativeCallContext,
        vm: Domain,
        closure: FnPtr,
        options: Map,
    ) -> Fallible<Dynamic> {
        while_frozen(&context, &vm, &FROZEN.read(options)?, &closure)
    }

    /// Freezes the guest's file systems and returns how many they are (`virDomainFSFreeze`).
    ///
    /// `fs_thaw()` thaws them; so does the end of the script, however it comes, and a limit of 60 seconds.
    ///
    /// Errors: `operation_invalid` for a guest that is frozen already, by this run or by others, which stays so;
    /// `agent_unresponsive` where there is no agent, `connect_failed` where the process that watches cannot
    /// connect, `unsupported` where the driver cannot freeze.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.fs_freeze();
    /// vm.fs_thaw();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn fs_freeze(vm: &mut Domain) -> Fallible<i64> {
        Ok(freeze(vm, &FREEZE.read(Map::new())?)?.into())
    }

    /// Freezes some of the guest's file systems, or for longer, and returns how many (`virDomainFSFreeze`).
    ///
    /// Errors: as those of `fs_freeze()`.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.fs_freeze(#{ mountpoints: ["/"], limit: "5m" });
    /// vm.fs_thaw();
    /// ```
    #[rhai_fn(name = "fs_freeze", return_raw, pure)]
    pub fn fs_freeze_with(vm: &mut Domain, options: Map) -> Fallible<i64> {
        Ok(freeze(vm, &FREEZE.read(options)?)?.into())
    }

    /// Thaws the guest's file systems and returns how many they were (`virDomainFSThaw`).
    ///
    /// Errors: `timeout` where they had been thawed at the limit of their freeze, `operation_invalid` where
    /// somebody else has thawed what this run had frozen, so that what was done since may not be consistent;
    /// `agent_unresponsive` where there is no agent.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.fs_freeze();
    /// print(vm.fs_thaw());
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn fs_thaw(vm: &mut Domain) -> Fallible<i64> {
        Ok(vm.fs_thaw()?.into())
    }
}

#[cfg(test)]
mod tests {
    use crate::api::test_script::TestScript;

    const VM: &str = "let vm = conn().create_domain(`<domain type='test'><name>a</name><memory>1024</memory>
        <os><type>hvm</type></os></domain>`);";

    #[test]
    fn file_systems_are_frozen_while_the_closure_runs_and_thawed_after() {
        let test = TestScript::new();
        let script = format!(
            "{VM} let n = vm.frozen(|| 7) + vm.frozen(|vm| vm.name.len()); vm.fs_freeze(); [n, vm.fs_thaw() > 0, vm.fs_thaw()]"
        );
        assert_eq!(test.json(&script), "[8,true,0]");
    }

    #[test]
    fn a_closure_that_fails_thaws_too_and_its_error_is_the_error() {
        let test = TestScript::new();
        let script = format!(
            "{VM} let r = []; try {{ vm.frozen(|| throw \"stop\") }} catch (e) {{ r = [e, vm.fs_thaw()] }} r"
        );
        assert_eq!(test.json(&script), r#"["stop",0]"#);
    }
}
