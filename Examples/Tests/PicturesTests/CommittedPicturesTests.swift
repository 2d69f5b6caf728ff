import Foundation
import Testing

@testable import Pictures

@Suite struct CommittedPicturesTests {
  @Test(arguments: Pictures.all.map(\.name))
  func `a committed picture is what the example draws`(name: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Pictures")
    let committed = try String(contentsOf: folder.appending(path: "\(name).svg"), encoding: .utf8)
    let drawn = try #require(Pictures.all.first { $0.name == name }).draw()
    #expect(drawn == committed, "`make pictures` draws it anew")
  }
}
