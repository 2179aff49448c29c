//! Which host CPUs run a guest, and its I/O threads.

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, Map};

use super::affect::{AFFECT, affect};
use super::settings::to_params;
use crate::api::cpu_set;
use crate::api::methods::methods_with_options;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::libvirt::{Domain, Params, Value};

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
}

/// The number of a virtual CPU or an I/O thread.
pub(super) fn number(what: &str, number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::usage(format!("{number} is not the number of {what}")))
}

/// What `virDomainSetIOThreadParams` takes; there is no call that reads it.
fn iothread_settings() -> Params {
    vec![
        ("poll_max_ns".into(), Value::ULLong(0)),
        ("poll_grow".into(), Value::UInt(0)),
        ("poll_shrink".into(), Value::UInt(0)),
        ("thread_pool_min".into(), Value::Int(0)),
        ("thread_pool_max".into(), Value::Int(0)),
    ]
}

methods_with_options! {
    #[export_module(manifest)]
    /// The host CPUs that may run each virtual CPU (`virDomainGetVcpuPinInfo`).
    ///
    /// One array of numbers for each virtual CPU that the guest may have, in their order.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// @returns [array]
    ///
    /// ```rhai
    /// for cpus in domain("test").vcpu_pin_info() { print(cpus) }
    /// ```
    fn vcpu_pin_info(vm: Domain; options: AFFECT) -> Array {
        let sets = vm.vcpu_pin_info(affect(&options)?)?;
        Ok(sets.iter().map(|set| cpu_set::array(set).into()).collect())
    }

    /// Pins a virtual CPU to host CPUs (`virDomainPinVcpuFlags`).
    ///
    /// The set is an array of numbers, one number, or a text such as `"0-3,^2"`.
    ///
    /// Errors: `usage` for a CPU that the host does not have, `invalid_arg` for a virtual CPU that the guest does not have.
    ///
    /// ```rhai
    /// domain("test").pin_vcpu(0, [0, 1]);
    /// ```
    fn pin_vcpu(vm: Domain, vcpu: i64, cpus: Dynamic; options: AFFECT) -> () {
        Ok(vm.pin_vcpu(number("a virtual CPU", vcpu)?, cpu_set::read(&cpus)?, affect(&options)?)?)
    }

    /// The host CPUs that may run the guest's emulator (`virDomainGetEmulatorPinInfo`).
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// @returns [int]
    ///
    /// ```rhai
    /// print(domain("test").emulator_pin_info())
    /// ```
    fn emulator_pin_info(vm: Domain; options: AFFECT) -> Array {
        Ok(cpu_set::array(&vm.emulator_pin_info(affect(&options)?)?))
    }

    /// Pins the guest's emulator to host CPUs (`virDomainPinEmulator`).
    ///
    /// The set is an array of numbers, one number, or a text such as `"0-3,^2"`.
    ///
    /// Errors: `usage` for a CPU that the host does not have, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").pin_emulator("0-1") } catch (e) { print(e.code) }
    /// ```
    fn pin_emulator(vm: Domain, cpus: Dynamic; options: AFFECT) -> () {
        Ok(vm.pin_emulator(cpu_set::read(&cpus)?, affect(&options)?)?)
    }

    /// The I/O threads of the guest (`virDomainGetIOThreadInfo`).
    ///
    /// One map for each: `#{ id, cpus }`, the numbers of the thread and of the host CPUs that may run it.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for one in domain("test").iothread_info() { print(`${one.id}: ${one.cpus}`) }
    /// ```
    fn iothread_info(vm: Domain; options: AFFECT) -> Array {
        let threads = vm.iothread_info(affect(&options)?)?.into_iter().map(|thread| {
            Map::from([
                ("id".into(), Dynamic::from_int(i64::from(thread.id))),
                ("cpus".into(), cpu_set::array(&thread.cpus).into()),
            ])
        });
        Ok(threads.map(Dynamic::from).collect())
    }

    /// Adds an I/O thread, which disks can then use (`virDomainAddIOThread`).
    ///
    /// Errors: `invalid_arg` for a number that is taken, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").add_iothread(7) } catch (e) { print(e.code) }
    /// ```
    fn add_iothread(vm: Domain, id: i64; options: AFFECT) -> () {
        Ok(vm.add_iothread(number("an I/O thread", id)?, affect(&options)?)?)
    }

    /// Removes an I/O thread that no disk uses (`virDomainDelIOThread`).
    ///
    /// Errors: `invalid_arg` for a thread that there is not, `operation_invalid` for one in use.
    ///
    /// ```rhai
    /// try { domain("test").del_iothread(7) } catch (e) { print(e.code) }
    /// ```
    fn del_iothread(vm: Domain, id: i64; options: AFFECT) -> () {
        Ok(vm.del_iothread(number("an I/O thread", id)?, affect(&options)?)?)
    }

    /// Pins an I/O thread to host CPUs (`virDomainPinIOThread`).
    ///
    /// The set is an array of numbers, one number, or a text such as `"0-3,^2"`.
    ///
    /// Errors: `usage` for a CPU that the host does not have, `invalid_arg` for a thread that there is not.
    ///
    /// ```rhai
    /// try { domain("test").pin_iothread(7, "0-1") } catch (e) { print(e.code) }
    /// ```
    fn pin_iothread(vm: Domain, id: i64, cpus: Dynamic; options: AFFECT) -> () {
        Ok(vm.pin_iothread(number("an I/O thread", id)?, cpu_set::read(&cpus)?, affect(&options)?)?)
    }

    /// Changes how an I/O thread polls and how many threads serve it (`virDomainSetIOThreadParams`).
    ///
    /// `#{ poll_max_ns, poll_grow, poll_shrink, thread_pool_min, thread_pool_max }`: nanoseconds, factors, numbers of threads.
    ///
    /// Errors: `usage` for a setting that there is not, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_iothread_params(7, #{ poll_max_ns: 32768 }, #{ live: true }) } catch (e) { print(e.code) }
    /// ```
    fn set_iothread_params(vm: Domain, id: i64, settings: Map; options: AFFECT) -> () {
        let id = number("an I/O thread", id)?;
        let settings = to_params(&iothread_settings(), settings)
            .map_err(|e| e.operation("domain.set_iothread_params").object(vm.label()))?;
        Ok(vm.set_iothread_params(id, settings, affect(&options)?)?)
    }
}
