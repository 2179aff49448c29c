//! The system in a guest, as its agent tells and changes it: file systems, clock, CPUs, suspension.

use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Map};

use crate::api::stats::{arrange, insert};
use crate::api::subject::of;
use crate::api::units::duration;
use crate::api::{Fallible, cpu_set, words};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, size as size_option, text};
use crate::lang::suggest::nearest;
use crate::libvirt::{Domain, GuestFileSystem, Value, sys};
use crate::units;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_system::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&TRIM];

static TRIM: OptionTable = OptionTable {
    function: "Domain.fs_trim",
    options: &[
        text("mountpoint", "Only the file system at this place."),
        size_option("minimum", "Only free areas of at least this size; a hint to the guest."),
    ],
};

/// What a guest can be asked about itself; libvirt's word first, then those of virsh and the API.
const INFO: &[(u32, &[&str])] = &[
    (sys::VIR_DOMAIN_GUEST_INFO_USERS, &["user", "users"]),
    (sys::VIR_DOMAIN_GUEST_INFO_OS, &["os"]),
    (sys::VIR_DOMAIN_GUEST_INFO_TIMEZONE, &["timezone"]),
    (sys::VIR_DOMAIN_GUEST_INFO_HOSTNAME, &["hostname"]),
    (sys::VIR_DOMAIN_GUEST_INFO_FILESYSTEM, &["fs", "filesystem"]),
    (sys::VIR_DOMAIN_GUEST_INFO_DISKS, &["disk", "disks"]),
    (sys::VIR_DOMAIN_GUEST_INFO_INTERFACES, &["if", "interface", "interfaces"]),
];

fn info_bits(kinds: &Array) -> Result<u32> {
    let bit = |kind: &Dynamic| {
        let word = kind.to_string();
        INFO.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(bit, _)| *bit).ok_or_else(|| {
            let known = || INFO.iter().filter_map(|(_, words)| words.last().copied());
            let hint = match nearest(&word, known()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("the kinds are {}", known().collect::<Vec<_>>().join(", ")),
            };
            Error::usage(format!("{word:?} is nothing that a guest tells"))
                .operation("domain.guest_info")
                .hint(hint)
        })
    };
    kinds.iter().try_fold(0, |bits, kind| Ok(bits | bit(kind)?))
}

/// Scalars of libvirt as script values; login times are milliseconds since 1970 and become times.
fn info_value(name: &str, value: Value) -> Dynamic {
    match value {
        Value::String(text) => text.into(),
        Value::Boolean(on) => on.into(),
        Value::Double(number) => number.into(),
        other => {
            let number = other.as_i64().unwrap_or_default();
            if name.ends_with(".login-time")
                && let Ok(moment) = units::from_unix(number as f64 / 1000.0)
            {
                return units::time_text(moment).into();
            }
            number.into()
        }
    }
}

fn info(vm: &Domain, bits: u32) -> Fallible<Map> {
    let mut map = Map::new();
    for (name, value) in vm.guest_info(bits)? {
        insert(&mut map, &name, info_value(&name, value));
    }
    arrange(&mut map);
    Ok(map)
}

/// A list of libvirt's such as `0-2,4`, as a script sees it.
fn cpus(value: Value) -> Result<Dynamic> {
    Ok(match value {
        Value::String(list) if list.is_empty() => Array::new().into(),
        Value::String(list) => cpu_set::array(&cpu_set::read(&list.into())?).into(),
        other => other.as_i64().unwrap_or_default().into(),
    })
}

/// A moment as seconds and nanoseconds: `now`, RFC 3339, or seconds since 1970.
fn moment(time: &Dynamic) -> Result<(i64, u32)> {
    let moment = match (time.as_immutable_string_ref(), time.as_int(), time.as_float()) {
        (Ok(text), ..) if text.as_str() == "now" => jiff::Timestamp::now(),
        (Ok(text), ..) => units::parse_time(&text)?.timestamp(),
        (_, Ok(seconds), _) => units::from_unix(seconds as f64)?,
        (_, _, Ok(seconds)) => units::from_unix(seconds)?,
        _ => {
            let error = Error::usage(format!("a time is a text or a number, not {}", time.type_name()));
            return Err(error.hint("write \"now\", RFC 3339, or seconds since 1970"));
        }
    };
    Ok((moment.as_second(), u32::try_from(moment.subsec_nanosecond()).unwrap_or_default()))
}

fn file_system(fs: GuestFileSystem) -> Dynamic {
    Map::from([
        ("mountpoint".into(), fs.mountpoint.into()),
        ("name".into(), fs.name.into()),
        ("fstype".into(), fs.fstype.into()),
        ("disks".into(), fs.disks.into_iter().map(Dynamic::from).collect::<Array>().into()),
    ])
    .into()
}

fn suspend_target(target: &str) -> Result<u32> {
    words::number(words::SUSPEND_TARGETS, target).ok_or_else(|| {
        Error::usage(format!("{target:?} is no way to suspend"))
            .operation("domain.pm_suspend_for_duration")
            .hint("use \"mem\", \"disk\" or \"hybrid\"")
    })
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_system {
    /// The mounted file systems of the guest (`virDomainGetFSInfo`).
    ///
    /// One map for each: `#{ mountpoint, name, fstype, disks }`; `disks` are the targets that it lies on.
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `unsupported` where the driver cannot tell.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// try { for fs in domain("test").fs_info() { print(fs.mountpoint) } } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn fs_info(vm: &mut Domain) -> Fallible<Array> {
        Ok(vm.fs_info()?.into_iter().map(file_system).collect())
    }

    /// Gives the free blocks of the guest's file systems back to the host (`virDomainFSTrim`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").fs_trim() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn fs_trim(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.fs_trim(None, 0)?)
    }

    /// Gives free blocks of one file system, or large ones only, back to the host (`virDomainFSTrim`).
    ///
    /// `minimum` is in bytes, or a text such as `"1MiB"`.
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `unsupported` where the driver cannot;
    /// `argument_unsupported` for a mount point where it trims all file systems or none, as QEMU's does.
    ///
    /// ```rhai
    /// try { domain("test").fs_trim(#{ minimum: "1MiB" }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "fs_trim", return_raw, pure)]
    pub fn fs_trim_with(vm: &mut Domain, options: Map) -> Fallible<()> {
        let options = TRIM.read(options)?;
        Ok(vm
            .fs_trim(options.get_text("mountpoint")?.as_deref(), options.get_size("minimum")?.unwrap_or(0))?)
    }

    /// The guest's clock, as RFC 3339 in the local zone (`virDomainGetTime`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `unsupported` where the driver cannot tell.
    ///
    /// ```rhai
    /// try { print(domain("test").time()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn time(vm: &mut Domain) -> Fallible<String> {
        let (seconds, nanos) = vm.time()?;
        Ok(units::time_text(units::from_unix(seconds as f64 + f64::from(nanos) / 1e9)?))
    }

    /// Sets the guest's clock (`virDomainSetTime`).
    ///
    /// The time is `"now"` (that of this machine), RFC 3339, or seconds since 1970.
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `usage` for what is no time, `unsupported`
    /// where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_time("now") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_time(vm: &mut Domain, time: Dynamic) -> Fallible<()> {
        let (seconds, nanos) = moment(&time).map_err(of("domain.set_time", vm))?;
        Ok(vm.set_time(seconds, nanos, 0)?)
    }

    /// Sets the guest's clock to that of its own hardware, as after a long pause (`virDomainSetTime`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").sync_time() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn sync_time(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.set_time(0, 0, sys::VIR_DOMAIN_TIME_SYNC)?)
    }

    /// What the guest tells about itself, all that its agent can (`virDomainGetGuestInfo`).
    ///
    /// A map with libvirt's names, nested: `os.pretty_name`, `timezone.offset` (seconds), `hostname`,
    /// `user[0].name`, `user[0].login_time` (RFC 3339), `fs[0].mountpoint`, `fs[0].total_bytes`, `disk`, `if`.
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `unsupported` where the driver cannot tell.
    ///
    /// ```rhai
    /// try { print(domain("test").guest_info().os.pretty_name) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn guest_info(vm: &mut Domain) -> Fallible<Map> {
        info(vm, 0)
    }

    /// What the guest tells about some things (`virDomainGetGuestInfo`).
    ///
    /// Of `users`, `os`, `timezone`, `hostname`, `filesystem`, `disks` and `interfaces`.
    ///
    /// Errors: `usage` for another kind; `unsupported` or `operation_unsupported` where the driver or the
    /// agent cannot tell one of them; `agent_unresponsive` where there is no agent.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { print(vm.guest_info(["users", "os"]).user.len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "guest_info", return_raw, pure)]
    pub fn guest_info_of(vm: &mut Domain, kinds: Array) -> Fallible<Map> {
        info(vm, info_bits(&kinds)?)
    }

    /// The CPUs as the guest sees them (`virDomainGetGuestVcpus`).
    ///
    /// A map of three arrays of numbers: `vcpus` (all), `online`, and `offlinable` (that can be taken offline).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `unsupported` where the driver cannot tell.
    ///
    /// ```rhai
    /// try { print(domain("test").guest_vcpus().online) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn guest_vcpus(vm: &mut Domain) -> Fallible<Map> {
        let cpus = |(name, value): (String, Value)| Ok((name.into(), cpus(value)?));
        Ok(vm.guest_vcpus()?.into_iter().map(cpus).collect::<Result<Map>>()?)
    }

    /// Takes CPUs of the guest online or offline inside it (`virDomainSetGuestVcpus`).
    ///
    /// The CPUs are a number, an array of numbers, a range, or a text such as `"0-2,4"`.
    ///
    /// Errors: `usage` for what is no list of CPUs, `invalid_arg` for a CPU that the guest does not have,
    /// `agent_unresponsive` where there is no agent, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_guest_vcpus([1], false) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_guest_vcpus(vm: &mut Domain, cpus: Dynamic, online: bool) -> Fallible<()> {
        let cpus = cpu_set::read(&cpus).map_err(of("domain.set_guest_vcpus", vm))?;
        Ok(vm.set_guest_vcpus(&cpu_set::text(&cpus), online)?)
    }

    /// Lets the guest suspend itself until it is woken (`virDomainPMSuspendForDuration`).
    ///
    /// To `"mem"` (memory), `"disk"`, or `"hybrid"` (both). `vm.pm_wakeup()` wakes it from memory.
    ///
    /// Errors: `usage` for another target, `agent_unresponsive` where there is no agent, `unsupported`
    /// where the driver or the guest cannot.
    ///
    /// ```rhai
    /// try { domain("test").pm_suspend_for_duration("mem") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn pm_suspend_for_duration(vm: &mut Domain, target: ImmutableString) -> Fallible<()> {
        Ok(vm.pm_suspend_for_duration(suspend_target(&target)?, 0)?)
    }

    /// Lets the guest suspend itself for a time (`virDomainPMSuspendForDuration`).
    ///
    /// In whole seconds; 0 is until it is woken.
    ///
    /// Errors: `usage` for an unknown target, `argument_unsupported` where the driver knows no time to wake.
    ///
    /// ```rhai
    /// try { domain("test").pm_suspend_for_duration("mem", "30s") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "pm_suspend_for_duration", return_raw, pure)]
    pub fn pm_suspend_for_time(vm: &mut Domain, target: ImmutableString, time: Dynamic) -> Fallible<()> {
        Ok(vm.pm_suspend_for_duration(suspend_target(&target)?, duration(&time)?.as_secs())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus_are_arrays_even_empty_ones() {
        let shown = |list: &str| cpus(Value::String(list.into())).unwrap().to_string();
        assert_eq!(shown("0-2,4"), "[0, 1, 2, 4]");
        assert_eq!(shown(""), "[]");
    }

    #[test]
    fn what_a_guest_tells_is_named_by_the_words_of_virsh_and_of_libvirt() {
        let bits =
            |words: &[&'static str]| info_bits(&words.iter().map(|word| Dynamic::from(*word)).collect());
        assert_eq!(bits(&["filesystem"]).unwrap(), sys::VIR_DOMAIN_GUEST_INFO_FILESYSTEM);
        assert_eq!(
            bits(&["user", "os"]).unwrap(),
            sys::VIR_DOMAIN_GUEST_INFO_USERS | sys::VIR_DOMAIN_GUEST_INFO_OS
        );
        let error = bits(&["filesystems"]).unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean \"filesystem\"?"));
    }

    #[test]
    fn a_moment_is_a_text_or_seconds() {
        assert_eq!(moment(&"1970-01-01T00:01:00.5Z".into()).unwrap(), (60, 500_000_000));
        assert_eq!(moment(&Dynamic::from_int(60)).unwrap(), (60, 0));
        assert!(moment(&"now".into()).unwrap().0 > 1_700_000_000);
        assert_eq!(moment(&Dynamic::TRUE).unwrap_err().code(), "usage");
    }
}
