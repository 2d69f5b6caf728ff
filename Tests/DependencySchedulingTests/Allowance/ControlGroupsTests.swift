import Foundation
import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct ControlGroupsTests {
  private let unified = "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n"

  private func quota(_ memberships: String, _ mounts: String, _ files: [String: String]) -> Double? {
    ControlGroups(memberships: memberships, mounts: mounts).quota { files[$0] }
  }

  /// The files of a legacy limit of half a processor in `folder`.
  private func half(in folder: String) -> [String: String] {
    [folder + "/cpu.cfs_quota_us": "50000\n", folder + "/cpu.cfs_period_us": "100000\n"]
  }

  @Test func `a unified quota is read where the process's group is`() {
    let memberships = "0::/user.slice/app\n"
    let file = "/sys/fs/cgroup/user.slice/app/cpu.max"
    #expect(quota(memberships, unified, [file: "150000 100000\n"]) == 1.5)
    #expect(quota(memberships, unified, [file: "max 100000\n"]) == nil)
    #expect(quota(memberships, unified, [:]) == nil)
  }

  @Test func `the smallest quota on the way to the root counts`() {
    let files = [
      "/sys/fs/cgroup/a/b/cpu.max": "400000 100000", "/sys/fs/cgroup/a/cpu.max": "200000 100000",
      "/sys/fs/cgroup/cpu.max": "max 100000", "/sys/fs/cgroup/other/cpu.max": "100000 100000",
    ]
    #expect(quota("0::/a/b", unified, files) == 2)
  }

  @Test func `a legacy quota is read wherever the controller is mounted`() {
    let memberships = "4:memory:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/box\n"
    for point in ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/dev/cpuctl"] {
      let mounts = """
        30 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        32 31 0:29 / \(point) rw - cgroup cgroup rw,cpu,cpuacct
        """
      #expect(quota(memberships, mounts, half(in: point + "/box")) == 0.5)
      #expect(quota(memberships, mounts, half(in: point)) == 0.5)
      #expect(quota(memberships, mounts, half(in: "/sys/fs/cgroup/memory/box")) == nil)
    }
  }

  @Test func `a legacy quota of -1 is no limit`() {
    #expect(ControlGroups.legacyLimit(quota: "-1\n", period: "100000\n") == nil)
    #expect(ControlGroups.legacyLimit(quota: "50000\n", period: "100000\n") == 0.5)
  }

  @Test func `both hierarchies of a hybrid system count`() {
    let mounts = """
      32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
      41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
      """
    let memberships = "1:cpu,cpuacct:/box\n0::/session\n"
    let legacy = half(in: "/sys/fs/cgroup/cpu,cpuacct/box")
    let unified = ["/sys/fs/cgroup/unified/session/cpu.max": "25000 100000"]
    #expect(quota(memberships, mounts, legacy) == 0.5)
    #expect(quota(memberships, mounts, unified) == 0.25)
    #expect(quota(memberships, mounts, legacy.merging(unified) { $1 }) == 0.25)
  }

  @Test func `a container without a namespace of its own finds its group at the mount`() {
    let mounts = "32 31 0:29 /docker/4f2a /sys/fs/cgroup/cpu ro master:11 - cgroup cgroup rw,cpu"
    #expect(quota("3:cpu:/docker/4f2a", mounts, half(in: "/sys/fs/cgroup/cpu")) == 0.5)
    #expect(quota("3:cpu:/docker/4f2a/inner", mounts, half(in: "/sys/fs/cgroup/cpu/inner")) == 0.5)
  }

  @Test func `a container with a namespace of its own has its limit at the root`() {
    #expect(quota("0::/", unified, ["/sys/fs/cgroup/cpu.max": "200000 100000"]) == 2)
  }

  @Test(arguments: ["/docker/4f2a", "/../..", "/../sibling", "/gone (deleted)"])
  func `the root of the mount holds the limit if the group is not there`(path: String) {
    #expect(quota("0::\(path)", unified, ["/sys/fs/cgroup/cpu.max": "200000 100000"]) == 2)
  }

  @Test func `the root of a mount from above the namespace holds a limit too`() {
    let mounts = "41 31 0:38 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw"
    #expect(quota("0::/", mounts, ["/sys/fs/cgroup/cpu.max": "200000 100000"]) == 2)
  }

  @Test func `a mount of another group does not limit a process whose own group is shown`() {
    let mounts = unified + "42 31 0:38 /other /srv/other rw - cgroup2 cgroup2 rw\n"
    let files = ["/sys/fs/cgroup/app/cpu.max": "300000 100000", "/srv/other/cpu.max": "100000 100000"]
    #expect(quota("0::/app", mounts, files) == 3)
  }

  @Test func `a group's name may contain colons`() {
    #expect(quota("0::/a:b:c", unified, ["/sys/fs/cgroup/a:b:c/cpu.max": "200000 100000"]) == 2)
  }

  @Test func `nonsense is no quota`() {
    #expect(quota("nonsense", "nonsense", [:]) == nil)
    #expect(quota("", "", [:]) == nil)
    for text in ["", "a b", "100", "100 0", "0 100", "-1 100", "nan 1", "inf 1", "1e9 1", "99999999999999999999 1"] {
      #expect(ControlGroups.unifiedLimit(text) == nil)
    }
    #expect(ControlGroups.legacyLimit(quota: "", period: "") == nil)
    #expect(ControlGroups.legacyLimit(quota: "1", period: "\n") == nil)
  }

  @Test func `limits are read from files at a path with a space`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "control groups \(UUID())")
    let group = folder.appending(path: "a")
    try FileManager.default.createDirectory(at: group, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("250000 100000\n".utf8).write(to: folder.appending(path: "cpu.max"))
    try Data("max 100000\n".utf8).write(to: group.appending(path: "cpu.max"))
    let point = folder.path.replacing(" ", with: #"\040"#)
    let groups = ControlGroups(memberships: "0::/a/b\n", mounts: "41 31 0:38 / \(point) rw - cgroup2 cgroup2 rw\n")
    #expect(groups.quota(reading: SystemFile.contents) == 2.5)
  }
}
