//! Keys, an interrupt and signals for a guest.

use rhai::plugin::export_module;
use rhai::{Array, Dynamic};

use crate::api::methods::methods_with_options;
use crate::api::subject::of;
use crate::api::{Fallible, keys};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{duration, word};
use crate::lang::suggest::nearest;
use crate::libvirt::Domain;

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
    natives.global(&input_functions::RHAI_MANIFEST);
}

/// `virKeycodeSet`
const CODESETS: &[&str] =
    &["linux", "xt", "atset1", "atset2", "atset3", "os_x", "xt_kbd", "usb", "win32", "qnum"];

/// What libvirt takes in one call.
const MOST_KEYS: usize = 16;

/// `virDomainProcessSignal`, up to the first of the real-time signals.
pub(in crate::api) const SIGNALS: &[&str] = &[
    "nop", "hup", "int", "quit", "ill", "trap", "abrt", "bus", "fpe", "kill", "usr1", "segv", "usr2", "pipe",
    "alrm", "term", "stkflt", "chld", "cont", "stop", "tstp", "ttin", "ttou", "urg", "xcpu", "xfsz",
    "vtalrm", "prof", "winch", "poll", "pwr", "sys",
];

/// The last real-time signal, `rt32`.
const LAST_SIGNAL: u32 = 64;

/// Reads keys: a name or a number, an array of these, or a text such as `ctrl+alt+del`.
fn key_numbers(keys: &Dynamic, codeset: &str) -> Result<Vec<u32>> {
    let mut numbers = Vec::new();
    collect(&mut numbers, keys, codeset)?;
    match numbers.len() {
        1..=MOST_KEYS => Ok(numbers),
        0 => Err(Error::usage("there is no key to press")),
        count => Err(Error::usage(format!("libvirt presses {MOST_KEYS} keys together at most, not {count}"))
            .hint("send them one after the other")),
    }
}

fn collect(numbers: &mut Vec<u32>, keys: &Dynamic, codeset: &str) -> Result<()> {
    if let Some(array) = keys.read_lock::<Array>() {
        return array.iter().try_for_each(|key| collect(numbers, key, codeset));
    }
    if let Ok(number) = keys.as_int() {
        numbers.push(
            u32::try_from(number)
                .map_err(|_| Error::usage(format!("{number} is not the number of a key")))?,
        );
        return Ok(());
    }
    let kind = keys.type_name();
    let text = keys.as_immutable_string_ref().map_err(|_| {
        Error::usage(format!("a key is a name or a number, not {kind}")).hint("for example \"ctrl+alt+del\"")
    })?;
    for name in text.split(['+', ' ']).filter(|name| !name.is_empty()) {
        let number = match name.parse() {
            // A digit is a key of its own; more digits are a number, as in virsh.
            Ok(number) if name.len() > 1 => number,
            _ if codeset == "linux" => keys::linux(name)?,
            Ok(number) => number,
            Err(_) => {
                return Err(Error::usage(format!("the key {name:?} of codeset {codeset} has no name here"))
                    .hint("give its number, or use the names of the codeset `linux`"));
            }
        };
        numbers.push(number);
    }
    Ok(())
}

/// Reads a signal: `term`, `SIGTERM`, `rt3` or its number.
fn signal_number(signal: &Dynamic) -> Result<u32> {
    if let Ok(number) = signal.as_int() {
        return u32::try_from(number).ok().filter(|number| *number <= LAST_SIGNAL).ok_or_else(|| {
            Error::usage(format!("{number} is not the number of a signal")).hint("signals are 1 to 64")
        });
    }
    let name = signal.to_string();
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_prefix("sig").unwrap_or(&lower);
    if let Some(number) = SIGNALS.iter().position(|known| *known == plain) {
        return Ok(number as u32);
    }
    if let Some(Ok(number @ 0..=32)) = plain.strip_prefix("rt").map(str::parse::<u32>) {
        return Ok(SIGNALS.len() as u32 + number);
    }
    let hint = match nearest(plain, SIGNALS.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("signals are {}, and rt0 to rt32", SIGNALS[1..].join(", ")),
    };
    Err(Error::usage(format!("there is no signal {name:?}")).hint(hint))
}

methods_with_options! {
    #[export_module(manifest)]
    /// Presses keys of the guest together and lets go of them (`virDomainSendKey`).
    ///
    /// An array of names or numbers, or a text such as `"ctrl+alt+del"`; names are those of Linux (`KEY_LEFTCTRL`,
    /// `leftctrl`), and `ctrl`, `alt`, `shift`, `meta`. 16 keys at most. Other codesets take numbers.
    ///
    /// Errors: `usage` for a key that there is not, `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// domain("test").send_key("ctrl+alt+f1", #{ hold: "100ms" });
    /// ```
    fn send_key(vm: Domain, keys: Dynamic; options: &[
        duration("hold", "How long the keys are held, in seconds; as long as the driver likes without it.")
            .alias("holdtime"),
        word("codeset", CODESETS, "Whose numbers these are; `linux` without it."),
    ]) -> () {
        let word = options.get_text("codeset")?.unwrap_or_else(|| "linux".into());
        let codeset = crate::api::words::number(CODESETS, &word).unwrap_or_default();
        let hold = options.get_duration("hold")?.unwrap_or(0.0) * 1000.0;
        let keys = key_numbers(&keys, &word).map_err(|e| e.operation("domain.send_key").object(vm.label()))?;
        Ok(vm.send_key(codeset, hold as u32, keys)?)
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod input_functions {
    /// Sends the guest a non-maskable interrupt (`virDomainInjectNMI`).
    ///
    /// Many systems write a dump and end on it.
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// domain("test").inject_nmi();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn inject_nmi(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.inject_nmi()?)
    }

    /// Sends a signal to a process in the guest, by its number there (`virDomainSendProcessSignal`).
    ///
    /// The signal is `"term"`, `"SIGTERM"`, `"rt3"` or its number.
    ///
    /// Errors: `usage` for a signal that there is not, `unsupported` where the driver cannot (containers can).
    ///
    /// ```rhai
    /// domain("test").send_process_signal(1, "term");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn send_process_signal(vm: &mut Domain, process: i64, signal: Dynamic) -> Fallible<()> {
        let signal = signal_number(&signal).map_err(of("domain.send_process_signal", vm))?;
        Ok(vm.send_process_signal(process, signal)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libvirt::sys;

    #[test]
    fn words_stand_at_their_numbers() {
        let of = |word: &str| signal_number(&word.into()).unwrap();
        assert_eq!(of("SIGTERM"), sys::VIR_DOMAIN_PROCESS_SIGNAL_TERM);
        assert_eq!(of("sys"), sys::VIR_DOMAIN_PROCESS_SIGNAL_SYS);
        assert_eq!(of("rt0"), sys::VIR_DOMAIN_PROCESS_SIGNAL_RT0);
        assert_eq!(of("sigrt32"), sys::VIR_DOMAIN_PROCESS_SIGNAL_RT32);
        assert_eq!(signal_number(&Dynamic::from_int(9)).unwrap(), 9);
        let codeset = |word| crate::api::words::number(CODESETS, word).unwrap();
        assert_eq!(codeset("os_x"), sys::VIR_KEYCODE_SET_OSX);
        assert_eq!(codeset("qnum"), sys::VIR_KEYCODE_SET_QNUM);
    }

    #[test]
    fn what_is_no_signal_names_the_nearest() {
        let error = signal_number(&"SIGTREM".into()).unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean \"term\"?"));
        assert!(signal_number(&Dynamic::from_int(65)).is_err());
        assert!(signal_number(&"rt33".into()).is_err());
    }

    #[test]
    fn keys_are_names_numbers_and_combinations() {
        let keys = |script: &str, codeset: &str| {
            key_numbers(&rhai::Engine::new().eval(script).expect(script), codeset)
        };
        assert_eq!(keys(r#""ctrl+alt+del""#, "linux").unwrap(), [29, 56, 111]);
        assert_eq!(keys(r#"["KEY_A", 30, "1"]"#, "linux").unwrap(), [30, 30, 2]);
        assert_eq!(keys(r#""30 48""#, "xt").unwrap(), [30, 48]);
        assert_eq!(keys(r#""5""#, "xt").unwrap(), [5]);
        for (script, codeset) in [
            ("[]", "linux"),
            (r#""""#, "linux"),
            ("-1", "linux"),
            (r#""a""#, "xt"),
            ("1.5", "linux"),
            ("let a = []; for n in 1..=17 { a.push(n) } a", "linux"),
        ] {
            assert_eq!(keys(script, codeset).unwrap_err().code(), "usage", "{script}");
        }
    }
}
