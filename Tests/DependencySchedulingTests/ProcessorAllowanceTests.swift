import Foundation
import Testing

@testable import DependencyScheduling

@Suite struct ProcessorAllowanceTests {
  private func quota(_ table: String, _ files: [String: String]) -> Double? {
    ControlGroups(table: table).quota { files[$0] }
  }

  @Test func `a unified quota is read where the process's group is`() {
    let table = "0::/user.slice/app\n"
    #expect(quota(table, ["/sys/fs/cgroup/user.slice/app/cpu.max": "150000 100000\n"]) == 1.5)
    #expect(quota(table, ["/sys/fs/cgroup/user.slice/app/cpu.max": "max 100000\n"]) == nil)
    #expect(quota(table, [:]) == nil)
  }

  @Test func `the smallest quota on the way to the root counts`() {
    let files = [
      "/sys/fs/cgroup/a/b/cpu.max": "400000 100000", "/sys/fs/cgroup/a/cpu.max": "200000 100000",
      "/sys/fs/cgroup/cpu.max": "max 100000",
    ]
    #expect(quota("0::/a/b", files) == 2)
  }

  @Test func `a legacy quota is read too`() {
    let table = "4:memory:/box\n3:cpu,cpuacct:/box\n"
    let folder = "/sys/fs/cgroup/cpu/box/"
    #expect(quota(table, [folder + "cpu.cfs_quota_us": "50000\n", folder + "cpu.cfs_period_us": "100000\n"]) == 0.5)
    #expect(quota(table, [folder + "cpu.cfs_quota_us": "-1\n", folder + "cpu.cfs_period_us": "100000\n"]) == nil)
  }

  @Test func `nonsense is no quota`() {
    #expect(quota("nonsense", [:]) == nil)
    #expect(quota("0::/", ["/sys/fs/cgroup/cpu.max": "a b"]) == nil)
    #expect(quota("0::/", ["/sys/fs/cgroup/cpu.max": "100"]) == nil)
    #expect(quota("0::/", ["/sys/fs/cgroup/cpu.max": "100 0"]) == nil)
  }

  @Test func `the width is the smaller of both, rounded up, at least 1`() {
    #expect(ProcessorAllowance(processors: 8, quota: nil).width == 8)
    #expect(ProcessorAllowance(processors: 8, quota: 2.5).width == 3)
    #expect(ProcessorAllowance(processors: 2, quota: 16).width == 2)
    #expect(ProcessorAllowance(processors: 8, quota: 0.1).width == 1)
    #expect(ProcessorAllowance(processors: 0, quota: nil).width == 1)
  }

  @Test func `the default width fits this machine`() {
    let width = GraphExecutor().width
    #expect(width >= 1 && width <= ProcessInfo.processInfo.processorCount)
  }

  #if os(Linux)
    @Test func `affinity narrows the default width`() async {
      await #expect(processExitsWith: .success) {
        typealias SetAffinity = @convention(c) (pid_t, Int, UnsafeRawPointer) -> Int32
        let setAffinity = unsafeBitCast(dlsym(nil, "sched_setaffinity"), to: SetAffinity.self)
        var firstProcessor: UInt = 1
        let status = setAffinity(0, MemoryLayout<UInt>.size, &firstProcessor)
        // Where processor 0 is not ours to begin with, there is nothing to narrow.
        precondition(status != 0 || GraphExecutor().width == 1)
      }
    }
  #endif
}
