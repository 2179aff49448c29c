//! How the program is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Tables of functions, options and documentation are full of addresses. At a fixed place they are written once, by
    // the linker; otherwise the loader writes them at each start, which takes a tenth of the time of `virhai virsh list`.
    // The libraries of C that it calls are at random places either way.
    let is_linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if is_linux && std::env::var_os("CARGO_FEATURE_PIE").is_none() {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
