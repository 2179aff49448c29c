//! The machine that the script runs on: kernel, processor, and who the user is.

use std::path::Path;

use nix::unistd::{Group, getegid, getgroups};
use rhai::plugin::export_module;
use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::api::Fallible;
use crate::error::{Error, Result};
use crate::kvm_probe;

fn leaf(number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| {
        Error::usage(format!("{number} is no leaf of CPUID"))
            .operation("os.cpuid")
            .hint("leaves are numbers of 32 bits, such as 0x8000001f")
    })
}

/// The machine that the script runs on.
#[export_module(manifest)]
pub(super) mod machine_functions {
    /// The kernel: `#{ system, release, machine }`, as `uname -s -r -m` prints them.
    ///
    /// Errors: `io` where the system does not tell.
    ///
    /// ```rhai
    /// print(os::kernel().release);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn kernel() -> Fallible<Map> {
        let name = nix::sys::utsname::uname().map_err(|error| Error::io("the kernel", &error.into()))?;
        let text = |text: &std::ffi::OsStr| Dynamic::from(text.to_string_lossy().into_owned());
        Ok([
            ("system".into(), text(name.sysname())),
            ("release".into(), text(name.release())),
            ("machine".into(), text(name.machine())),
        ]
        .into_iter()
        .collect())
    }

    /// The names of the groups that this process belongs to, in alphabetical order.
    ///
    /// A group without a name is its number.
    ///
    /// Errors: `io` where the system does not tell.
    ///
    /// @returns [String]
    ///
    /// ```rhai
    /// print("libvirt" in os::groups());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn groups() -> Fallible<Array> {
        let mut ids = getgroups().map_err(|error| Error::io("the groups of the user", &error.into()))?;
        ids.push(getegid());
        let name = |id| Group::from_gid(id).ok().flatten().map_or(id.to_string(), |group| group.name);
        let mut names: Vec<String> = ids.into_iter().map(name).collect();
        names.sort();
        names.dedup();
        Ok(names.into_iter().map(Dynamic::from).collect())
    }

    /// What the processor answers in a leaf of CPUID: `#{ eax, ebx, ecx, edx }`.
    ///
    /// The registers are whole numbers; `()` where the processor has no such leaf or no CPUID.
    ///
    /// Errors: `usage` for what is no number of 32 bits.
    ///
    /// ```rhai
    /// let features = os::cpuid(0x8000001f);
    /// print(features != () && (features.eax & 2) != 0);   // AMD's encrypted guests
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cpuid(leaf: i64) -> Fallible<Dynamic> {
        let Some(found) = kvm_probe::cpuid(super::leaf(leaf)?) else { return Ok(Dynamic::UNIT) };
        let names = ["eax", "ebx", "ecx", "edx"];
        let map: Map = names
            .into_iter()
            .zip(found)
            .map(|(name, value)| (name.into(), i64::from(value).into()))
            .collect();
        Ok(map.into())
    }

    /// How fast a guest of KVM counts here: `#{ iterations, seconds, per_second }`.
    ///
    /// A guest with one virtual CPU and 16 KiB of memory is made on the device, counts to 10 million in long mode for at
    /// most one second, and is gone afterwards. A processor with virtualization does more than 10⁹ iterations in a
    /// second; below 10⁸ its instructions are emulated. Returns within three seconds.
    ///
    /// Errors: `io` where the device cannot be opened or the guest does not run, `unsupported` on other processors
    /// than x86-64, `timeout` where it could not be stopped.
    ///
    /// ```rhai
    /// let outcome = attempt(|| os::kvm_speed("/dev/kvm").per_second);
    /// print(if outcome.ok { outcome.value } else { outcome.error.message });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn kvm_speed(device: ImmutableString) -> Fallible<Map> {
        let speed = kvm_probe::measure(Path::new(device.as_str()))
            .map_err(|error| error.operation("os.kvm_speed"))?;
        Ok([
            ("iterations".into(), (speed.iterations as i64).into()),
            ("seconds".into(), speed.seconds.into()),
            ("per_second".into(), speed.per_second().into()),
        ]
        .into_iter()
        .collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::api::test_script::TestScript;

    #[test]
    fn the_machine_says_what_it_is() {
        let host = TestScript::new();
        assert_eq!(host.text("os::kernel().system"), "Linux");
        assert_eq!(host.text("libvirt_version().split(`.`).len()"), "3");
        assert_eq!(host.text("fs::is_accessible(`/dev/null`, `rw`)"), "true");
        // The leaf that every processor with CPUID has; others answer nothing.
        assert_eq!(host.text("let leaf = os::cpuid(0); leaf == () || leaf.eax > 0"), "true");
        assert_eq!(host.refusal("os::cpuid(-1)").0, "usage");
    }
}
