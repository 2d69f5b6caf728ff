/// A place where the files of a control group hierarchy that can limit processor time are visible.
///
/// Described by one line of `/proc/self/mountinfo` (see `proc_pid_mountinfo(5)`):
/// ```
/// 32 31 0:29 /docker/4f2a /sys/fs/cgroup/cpu,cpuacct rw,relatime master:11 - cgroup cgroup rw,cpu,cpuacct
///            root         point                      options, tags         type         options of the hierarchy
/// ```
struct ControlGroupMount: Equatable {
  enum Version { case legacy, unified }

  var version: Version

  /// The group whose folder is ``point``, as names below the root of the process's control group namespace.
  ///
  /// A mount that was made outside the namespace may begin above it; then the names begin with `..`.
  var root: [String]

  /// The folder where the files of ``root`` are.
  var point: String

  /// The folders of the group and of all that contain it, as far as the mount shows them; `nil` if it does not show
  /// the group.
  func folders(from group: [String]) -> [String]? {
    guard group.starts(with: root) else { return nil }
    var names = group.dropFirst(root.count)
    // The names of the groups above the namespace are unknown.
    guard !names.contains("..") else { return nil }
    var folders: [String] = []
    while true {
      folders.append(names.reduce(point) { $0 + "/" + $1 })
      guard names.popLast() != nil else { return folders }
    }
  }
}

extension ControlGroupMount {
  /// The mounts in a text such as `/proc/self/mountinfo`. A later mount hides an earlier one at the same point.
  static func mounts(in text: String) -> [ControlGroupMount] {
    var mounts: [ControlGroupMount] = []
    for mount in text.split(separator: "\n").compactMap(ControlGroupMount.init(line:)) {
      mounts.removeAll { $0.point == mount.point }
      mounts.append(mount)
    }
    return mounts
  }

  /// `nil` if the line describes another kind of mount, or a hierarchy without the `cpu` controller.
  init?(line: Substring) {
    // Any number of tags come before the hyphen.
    guard let separator = line.firstRange(of: " - ") else { return nil }
    let mount = line[..<separator.lowerBound].split(separator: " ")
    let fileSystem = line[separator.upperBound...].split(separator: " ")
    guard mount.count >= 6, let type = fileSystem.first else { return nil }
    switch type {
    case "cgroup2":
      version = .unified
    case "cgroup" where fileSystem.count >= 3 && fileSystem[2].split(separator: ",").contains("cpu"):
      version = .legacy
    default:
      return nil
    }
    root = Self.names(in: Self.unescaped(mount[3]))
    point = Self.unescaped(mount[4])
  }

  static func names(in path: String) -> [String] {
    path.split(separator: "/").map(String.init)
  }

  /// Puts back the characters that the kernel writes as a backslash and three octal digits: `\040` is a space.
  static func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = field.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let escaped = self.byte(octal: rest.prefix(3)) {
        bytes.append(escaped)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func byte(octal digits: Substring.UTF8View) -> UInt8? {
    let isOctal = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    return digits.count == 3 && isOctal ? UInt8(Substring(digits), radix: 8) : nil
  }
}
