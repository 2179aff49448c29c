//! The guest that counts: one virtual CPU in long mode, whose program is three instructions.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kvm_bindings::{KVM_API_VERSION, kvm_regs, kvm_segment, kvm_userspace_memory_region};
use kvm_ioctls::{Kvm, VcpuExit, VcpuFd, VmFd};
use nix::sys::pthread::{pthread_kill, pthread_self};
use nix::sys::signal::Signal;
use signal_hook::consts::SIGALRM;

use super::Speed;
use crate::error::{Error, Result, code};

const PAGE: usize = 4096;
/// Where in the guest's memory the tables of pages and the program lie, in bytes.
const LEVEL_4: usize = 0;
const LEVEL_3: usize = PAGE;
const LEVEL_2: usize = 2 * PAGE;
const PROGRAM: usize = 3 * PAGE;
const SIZE: usize = 4 * PAGE;

/// `loop: dec rcx; jnz loop; hlt`
const COUNT_DOWN: [u8; 6] = [0x48, 0xff, 0xc9, 0x75, 0xfb, 0xf4];

// Bits of page table entries and control registers (AMD64 Architecture Programmer's Manual, volume 2).
const PRESENT_WRITABLE: u64 = 0b11;
const LARGE_PAGE: u64 = 1 << 7;
const CR0_PROTECTED_PAGED: u64 = 1 | 1 << 31;
const CR4_PAE: u64 = 1 << 5;
const EFER_LONG_MODE: u64 = 1 << 8 | 1 << 10;

/// How often a virtual CPU that has reached its limit is told to stop: a signal that comes just before it enters
/// the guest is lost.
const TELL_AGAIN: Duration = Duration::from_millis(20);

#[repr(C, align(4096))]
struct Memory([u8; SIZE]);

/// Lets a guest of the device count, until it is done or the limit has passed.
///
/// Errors: `io` where the device is none of KVM, or the guest does not run.
pub(super) fn count(device: &Path, iterations: u64, limit: Duration) -> Result<Speed> {
    let path = CString::new(device.as_os_str().as_bytes())
        .map_err(|_| Error::usage("the path of a device holds no NUL"))?;
    let kvm = Kvm::new_with_path(&path).map_err(|error| io("open the device", error))?;
    if kvm.get_api_version() != KVM_API_VERSION as i32 {
        return Err(Error::new(code::IO, format!("{} is no device of KVM", device.display())));
    }
    // Before the machine that uses it, so that it is dropped later.
    let mut memory = Box::new(Memory([0; SIZE]));
    fill(&mut memory.0);
    let machine = kvm.create_vm().map_err(|error| io("create a guest", error))?;
    map(&machine, &memory)?;
    let mut cpu = machine.create_vcpu(0).map_err(|error| io("create a virtual CPU", error))?;
    prepare(&cpu, iterations)?;
    run(&mut cpu, iterations, limit)
}

fn io(what: &str, error: kvm_ioctls::Error) -> Error {
    let why = nix::errno::Errno::from_raw(error.errno()).desc();
    Error::new(code::IO, format!("cannot {what}: {why}"))
}

/// Writes tables that map the first 2 MiB to themselves, and the program.
fn fill(memory: &mut [u8; SIZE]) {
    let mut entry = |place: usize, value: u64| memory[place..place + 8].copy_from_slice(&value.to_le_bytes());
    entry(LEVEL_4, LEVEL_3 as u64 | PRESENT_WRITABLE);
    entry(LEVEL_3, LEVEL_2 as u64 | PRESENT_WRITABLE);
    entry(LEVEL_2, LARGE_PAGE | PRESENT_WRITABLE);
    memory[PROGRAM..PROGRAM + COUNT_DOWN.len()].copy_from_slice(&COUNT_DOWN);
}

fn map(machine: &VmFd, memory: &Memory) -> Result<()> {
    let region = kvm_userspace_memory_region {
        slot: 0,
        flags: 0,
        guest_phys_addr: 0,
        memory_size: SIZE as u64,
        userspace_addr: memory.0.as_ptr() as u64,
    };
    // SAFETY: the memory is page-aligned, as long as the region says, not touched by us while the guest runs, and
    // the caller drops it after the machine.
    unsafe { machine.set_user_memory_region(region) }.map_err(|error| io("give the guest memory", error))
}

/// Sets the virtual CPU to the first instruction, in long mode.
fn prepare(cpu: &VcpuFd, iterations: u64) -> Result<()> {
    let mut special = cpu.get_sregs().map_err(|error| io("read the registers", error))?;
    special.cr3 = LEVEL_4 as u64;
    special.cr4 |= CR4_PAE;
    special.cr0 |= CR0_PROTECTED_PAGED;
    special.efer |= EFER_LONG_MODE;
    let code = kvm_segment {
        limit: u32::MAX,
        selector: 8,
        type_: 11,
        present: 1,
        s: 1,
        l: 1,
        g: 1,
        ..kvm_segment::default()
    };
    let data = kvm_segment { selector: 16, type_: 3, l: 0, db: 1, ..code };
    special.cs = code;
    (special.ds, special.es, special.fs, special.gs, special.ss) = (data, data, data, data, data);
    cpu.set_sregs(&special).map_err(|error| io("enter long mode", error))?;
    let registers = kvm_regs { rip: PROGRAM as u64, rcx: iterations, rflags: 2, ..kvm_regs::default() };
    cpu.set_regs(&registers).map_err(|error| io("set the registers", error))
}

fn run(cpu: &mut VcpuFd, iterations: u64, limit: Duration) -> Result<Speed> {
    let stopper = Stopper::start(limit)?;
    let start = Instant::now();
    let ended = loop {
        match cpu.run() {
            Ok(VcpuExit::Hlt) => break Ok(()),
            Ok(VcpuExit::Intr) => {}
            Ok(exit) => break Err(Error::new(code::IO, format!("the guest does not run: {exit:?}"))),
            Err(error) if error.errno() == nix::libc::EINTR || error.errno() == nix::libc::EAGAIN => {}
            Err(error) => break Err(io("run the guest", error)),
        }
        if start.elapsed() >= limit {
            break Ok(());
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    stopper.stop();
    ended?;
    let left = cpu.get_regs().map_err(|error| io("read the registers", error))?.rcx;
    Ok(Speed { iterations: iterations.saturating_sub(left), seconds })
}

/// Sends this thread a signal when the limit has passed, again and again until it is stopped.
struct Stopper {
    done: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Stopper {
    fn start(limit: Duration) -> Result<Self> {
        let failed = |error: std::io::Error| Error::io("the signal that stops the guest", &error);
        // Its handler only sets a flag: that the signal comes is what leaves the guest.
        signal_hook::flag::register(SIGALRM, Arc::default()).map_err(failed)?;
        let done = Arc::new(AtomicBool::new(false));
        let (counting, stopped) = (pthread_self(), done.clone());
        let tell = move || {
            std::thread::park_timeout(limit);
            while !stopped.load(Ordering::SeqCst) {
                let _ = pthread_kill(counting, Signal::SIGALRM);
                std::thread::park_timeout(TELL_AGAIN);
            }
        };
        let thread = std::thread::Builder::new().name("stopper".into()).spawn(tell).map_err(failed)?;
        Ok(Self { done, thread })
    }

    /// Returns when no signal can come any more.
    fn stop(self) {
        self.done.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
        // It panics nowhere, and there is nothing to do if it did.
        let _ = self.thread.join();
    }
}
