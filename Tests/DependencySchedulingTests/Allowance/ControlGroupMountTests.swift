import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct ControlGroupMountTests {
  private func mount(_ line: Substring) -> ControlGroupMount? { ControlGroupMount(line: line) }

  @Test func `a unified hierarchy is a mount`() {
    #expect(
      mount("41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw")
        == ControlGroupMount(version: .unified, root: [], point: "/sys/fs/cgroup"))
  }

  @Test func `a legacy hierarchy is one if it has the cpu controller`() {
    let both = mount("32 31 0:29 /box /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct")
    #expect(both == ControlGroupMount(version: .legacy, root: ["box"], point: "/sys/fs/cgroup/cpu,cpuacct"))
    #expect(mount("32 31 0:29 / /cpuacct rw - cgroup cgroup rw,cpuacct") == nil)
    #expect(mount("32 31 0:29 / /cpu rw - cgroup cgroup rw,cpuset") == nil)
    #expect(mount("32 31 0:29 / /cpu rw - tmpfs cpu rw,cpu") == nil)
  }

  @Test func `any number of tags may come before the hyphen`() {
    for tags in ["", " shared:3", " shared:3 master:11 propagate_from:2"] {
      #expect(mount("9 8 0:3 / /groups rw\(tags[...]) - cgroup2 none rw")?.point == "/groups")
    }
  }

  @Test func `escapes in octal are put back`() {
    let line: Substring = #"9 8 0:3 /my\040box /mnt/a\011b\134040\012 rw - cgroup2 none rw"#
    #expect(
      mount(line) == ControlGroupMount(version: .unified, root: ["my box"], point: "/mnt/a\tb\\040\n"))
    #expect(ControlGroupMount.unescaped(#"\303\244"#) == "ä")
    #expect(ControlGroupMount.unescaped("ä") == "ä")
  }

  @Test func `a backslash without three octal digits stays`() {
    for text: Substring in [#"a\"#, #"a\04"#, #"a\9ab"#, #"a\777"#, #"\+12"#, #"\-00"#] {
      #expect(ControlGroupMount.unescaped(text) == text)
    }
  }

  @Test func `nonsense is no mount`() {
    for line: Substring in ["", " - ", "a - cgroup2", "1 2 3 4 5 - cgroup2 x rw", "1 2 0:3 / /x rw cgroup2 x rw"] {
      #expect(mount(line) == nil)
    }
    #expect(mount("1 2 0:3 / /x rw - cgroup cgroup") == nil)
  }

  @Test func `a later mount hides an earlier one at the same point`() {
    let table = """
      31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
      32 23 0:28 / /other rw - cgroup2 cgroup2 rw
      33 31 0:28 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw

      """
    let mounts = ControlGroupMount.mounts(in: table)
    #expect(mounts.map(\.point) == ["/other", "/sys/fs/cgroup"])
    #expect(mounts.map(\.root) == [[], ["box"]])
  }

  @Test func `the folders lead from the group to the root of the mount`() {
    let whole = ControlGroupMount(version: .unified, root: [], point: "/g")
    #expect(whole.folders(from: ["a", "b"]) == ["/g/a/b", "/g/a", "/g"])
    #expect(whole.folders(from: []) == ["/g"])
    let part = ControlGroupMount(version: .unified, root: ["a"], point: "/g")
    #expect(part.folders(from: ["a", "b"]) == ["/g/b", "/g"])
    #expect(part.folders(from: ["a"]) == ["/g"])
  }

  @Test func `a mount does not show groups outside its root`() {
    let part = ControlGroupMount(version: .unified, root: ["a"], point: "/g")
    #expect(part.folders(from: []) == nil)
    #expect(part.folders(from: ["ab"]) == nil)
    #expect(part.folders(from: ["b", "a"]) == nil)
  }

  @Test func `a mount that begins above the namespace shows only what it can name`() {
    let above = ControlGroupMount(version: .unified, root: [".."], point: "/g")
    #expect(above.folders(from: ["..", "sibling"]) == ["/g/sibling", "/g"])
    #expect(above.folders(from: ["a"]) == nil)
    let whole = ControlGroupMount(version: .unified, root: [], point: "/g")
    #expect(whole.folders(from: ["..", "sibling"]) == nil)
  }
}
