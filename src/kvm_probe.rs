//! How fast a guest of KVM really is: one that only counts, run for at most a second.
//!
//! On a nested machine `/dev/kvm` can open and pass every usual check while each instruction of a guest is
//! emulated. The guest runs in a process of its own, this program again, so that neither a hang nor a crash of
//! the kernel's side reaches the caller; whatever happens, [`measure`] returns within [`PATIENCE`].

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod guest;
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
#[path = "kvm_probe/no_guest.rs"]
mod guest;

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, code};
use crate::libvirt::own_program;
use crate::output;

/// The hidden command of this program that runs the guest; its argument is the device.
pub const COMMAND: &str = "_kvm-probe";
/// How far the guest counts.
pub const ITERATIONS: u64 = 10_000_000;
/// How long it may count.
pub const LIMIT: Duration = Duration::from_secs(1);
/// How long the process of the guest lives at most, seen from inside.
const LIFE: Duration = Duration::from_secs(2);
/// How long [`measure`] waits for it.
pub const PATIENCE: Duration = Duration::from_millis(2_500);

/// How far a guest has counted in which time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// The iterations that were done, at most [`ITERATIONS`].
    pub iterations: u64,
    /// The time they took, in seconds.
    pub seconds: f64,
}

impl Speed {
    /// Returns the iterations in a second.
    pub fn per_second(self) -> f64 {
        if self.seconds > 0.0 { self.iterations as f64 / self.seconds } else { 0.0 }
    }
}

/// What the process of the guest answers.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Speed(Speed),
    /// What failed, and whether it was because there is no guest for this processor.
    Failed {
        message: String,
        unsupported: bool,
    },
}

/// Runs the guest on a KVM device and returns its speed.
///
/// Errors: `unsupported` on a machine for which there is no such guest, `io` where the device cannot be opened,
/// is none, or the guest does not run, `timeout` where nothing is known after [`PATIENCE`].
pub fn measure(device: &Path) -> Result<Speed> {
    let failed = |error: std::io::Error| Error::io("the process of the probe", &error);
    let mut command = Command::new(own_program());
    // A group of its own: what is typed at the terminal does not reach it.
    command.arg(COMMAND).arg(device).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    let text = answer_of(&mut child).map_err(failed)?;
    let answer = text.as_deref().map(serde_json::from_str);
    match answer {
        Some(Ok(Answer::Speed(speed))) => Ok(speed),
        Some(Ok(Answer::Failed { message, unsupported })) => {
            let word = if unsupported { code::UNSUPPORTED } else { code::IO };
            Err(Error::new(word, message).object(device.display().to_string()))
        }
        // Too slow to begin, on a machine with no time to give.
        Some(Err(_)) => {
            Err(Error::new(code::TIMEOUT, "the guest that measures the speed ended without an answer")
                .object(device.display().to_string()))
        }
        None => {
            Err(Error::new(code::TIMEOUT, "the guest that measures the speed could not be stopped in time")
                .object(device.display().to_string()))
        }
    }
}

/// Waits for what the process says; nothing where it is too slow. It is gone, or killed, afterwards.
fn answer_of(child: &mut Child) -> std::io::Result<Option<String>> {
    let end = Instant::now() + PATIENCE;
    let mut stream = child.stdout.take();
    let (sender, answers) = mpsc::channel();
    let read = move || {
        let mut text = String::new();
        let read = stream.as_mut().map_or(Ok(0), |stream| stream.read_to_string(&mut text));
        // Closed before the caller goes on: nothing is left open then.
        drop(stream);
        let _ = sender.send(read.map(|_| text));
    };
    std::thread::Builder::new().name("kvm-probe".into()).spawn(read)?;
    let answer = answers.recv_timeout(PATIENCE).ok().transpose();
    if answer.as_ref().is_ok_and(Option::is_none) {
        child.kill()?;
    }
    // A process that hangs in the kernel is not waited for: its end is the kernel's.
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < end + Duration::from_millis(200) {
        std::thread::sleep(Duration::from_millis(2));
    }
    answer
}

/// Runs the guest in this process and writes how fast it was; the exit status.
pub fn serve(device: &OsStr) -> u8 {
    let life = || {
        std::thread::sleep(LIFE);
        signal_hook::low_level::exit(1);
    };
    if std::thread::Builder::new().name("life".into()).spawn(life).is_err() {
        return 1;
    }
    let answer = match guest::count(Path::new(device), ITERATIONS, LIMIT) {
        Ok(speed) => Answer::Speed(speed),
        Err(error) => {
            Answer::Failed { message: error.to_string(), unsupported: error.code() == code::UNSUPPORTED }
        }
    };
    match serde_json::to_string(&answer).map(|text| output::out(&text)) {
        Ok(Ok(_)) => 0,
        _ => 1,
    }
}

/// Returns what the processor says in a leaf of CPUID, `[eax, ebx, ecx, edx]`; nothing where there is no such
/// leaf or no CPUID.
#[cfg(target_arch = "x86_64")]
#[allow(unused_unsafe, reason = "safe in newer versions of Rust")]
pub fn cpuid(leaf: u32) -> Option<[u32; 4]> {
    use std::arch::x86_64::__cpuid;
    // SAFETY: every processor of this architecture has the instruction.
    let last = unsafe { __cpuid(leaf & 0x8000_0000) }.eax;
    if leaf > last {
        return None;
    }
    // SAFETY: as above.
    let found = unsafe { __cpuid(leaf) };
    Some([found.eax, found.ebx, found.ecx, found.edx])
}

/// Returns nothing: this processor has no CPUID.
#[cfg(not(target_arch = "x86_64"))]
pub fn cpuid(_leaf: u32) -> Option<[u32; 4]> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_iterations_in_a_second() {
        let speed = Speed { iterations: 5_000, seconds: 0.5 };
        assert!((speed.per_second() - 10_000.0).abs() < 0.001);
        assert!(Speed { iterations: 0, seconds: 0.0 }.per_second().abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_no_device_of_kvm_is_refused() {
        for path in ["/dev/null", "/no/such/device", "/proc/version"] {
            let error = guest::count(Path::new(path), 10, Duration::from_millis(10)).unwrap_err();
            assert!(matches!(error.code(), code::IO | code::UNSUPPORTED), "{path}: {error}");
        }
    }

    #[test]
    fn a_short_count_comes_to_its_end_and_a_long_one_to_its_limit() {
        let device = Path::new("/dev/kvm");
        let short = match guest::count(device, 1_000, Duration::from_secs(60)) {
            Ok(short) => short,
            // The message says what: there is no KVM here, or this user may not use it.
            Err(error) => return assert!(matches!(error.code(), code::IO | code::UNSUPPORTED), "{error}"),
        };
        assert_eq!(short.iterations, 1_000);
        let long = guest::count(device, u64::MAX, Duration::from_millis(50)).unwrap();
        assert!(long.iterations > 0 && long.seconds >= 0.05 && long.seconds < 30.0, "{long:?}");
    }

    #[test]
    fn a_process_that_says_nothing_is_ended_in_time() {
        let begun = Instant::now();
        let mut child = Command::new("sleep").arg("600").stdout(Stdio::piped()).spawn().unwrap();
        assert_eq!(answer_of(&mut child).unwrap(), None);
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        assert!(child.wait().unwrap().code().is_none(), "it was not killed");
    }

    #[test]
    fn the_processor_answers_the_first_leaf() {
        if cfg!(target_arch = "x86_64") {
            assert!(cpuid(0).is_some_and(|[last, ..]| last >= 1));
            assert_eq!(cpuid(0x7fff_ffff), None);
        }
    }
}
