#if BLAS && os(Linux) && canImport(Glibc)
  import Kernels
  import LibC
  import Testing

  /// The host's BLAS stays the host's: its threads are not started and its setting is not read or written.
  @Suite(.timeLimit(.minutes(20))) struct MatmulThreadTests {
    private typealias GetThreads = @convention(c) () -> CInt
    private typealias SetThreads = @convention(c) (CInt) -> Void

    /// Milliseconds of CPU time used by the process, without this thread.
    private static func timeOfOtherThreads() -> Double {
      func milliseconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
      }
      let own = milliseconds(CLOCK_THREAD_CPUTIME_ID)
      return milliseconds(CLOCK_PROCESS_CPUTIME_ID) - own
    }

    /// Runs in a process of its own, from start to end on one thread.
    private static func multiplyWithWatchedThreads() {
      guard let getThreads = dlsym(nil, "openblas_get_num_threads").map({ unsafeBitCast($0, to: GetThreads.self) }),
        let setThreads = dlsym(nil, "openblas_set_num_threads").map({ unsafeBitCast($0, to: SetThreads.self) })
      else { exit(2) }
      setThreads(2)
      usleep(300_000)  // Threads that were just created settle down.
      let size = 768
      let a = UnsafeMutablePointer<Float>.allocate(capacity: size * size)
      let b = UnsafeMutablePointer<Float>.allocate(capacity: size * size)
      let c = UnsafeMutablePointer<Float>.allocate(capacity: size * size)
      a.initialize(repeating: 1, count: size * size)
      b.initialize(repeating: 1, count: size * size)
      c.initialize(repeating: 0, count: size * size)

      let before = timeOfOtherThreads()
      for plan in [
        MatmulPlan(m: size, n: size, k: size), MatmulPlan(m: 1, n: size, k: size), MatmulPlan(m: size, n: 1, k: size),
        MatmulPlan(m: 5, n: size, k: size), MatmulPlan(m: size, n: 8, k: size),
      ] {
        for _ in 0..<20 { runMatmul(.float32, plan: plan, a: a, b: b, output: c, blocks: 0..<plan.blockCount) }
      }
      let during = timeOfOtherThreads()
      if c[0] != Float(size) { exit(3) }
      if getThreads() != 2 { exit(4) }
      if during - before > 5 { exit(5) }

      // The counter does see OpenBLAS's threads when a product is large enough to start them.
      typealias Sgemm =
        @convention(c) (
          CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafePointer<Float>, CInt, UnsafePointer<Float>, CInt, Float,
          UnsafeMutablePointer<Float>, CInt
        ) -> Void
      guard let sgemm = dlsym(nil, "cblas_sgemm").map({ unsafeBitCast($0, to: Sgemm.self) }) else { exit(6) }
      let n = CInt(size)
      for _ in 0..<40 { sgemm(101, 111, 111, n, n, n, 1, a, n, b, n, 0, c, n) }
      if timeOfOtherThreads() - during <= 5 { exit(7) }
      exit(0)
    }

    @Test func `a product uses the calling thread alone and leaves the host's thread count as it is`() async {
      await #expect(processExitsWith: .success) { Self.multiplyWithWatchedThreads() }
    }
  }
#endif
