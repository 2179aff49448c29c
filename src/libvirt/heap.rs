//! How the heaps of threads grow.

/// Lets the heap of each thread grow in one step to the size that it may have; memory that nobody touches costs nothing.
///
/// glibc makes the heaps of all threads but the first larger by a page at a time. libvirt works on a thread of
/// its own here: ten thousand guests are 160 MiB, which would be 30,000 calls to the kernel when they come, and
/// more with each refresh of what is bulky. Heaps that exist keep their ways: this is for the start of a process.
pub fn grow_heaps_at_once() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// What glibc reserves for one heap of a thread on 64 bits.
        const HEAP: nix::libc::c_int = 64 << 20;
        // SAFETY: it takes numbers and changes settings of the allocator only, under the allocator's lock. Where it
        // refuses, heaps grow as they did.
        unsafe { nix::libc::mallopt(nix::libc::M_TOP_PAD, HEAP) };
    }
}
