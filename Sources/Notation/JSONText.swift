/// Text as JSON takes it.
package enum JSONText {
  /// A string between quotation marks. Only what JSON allows in no string is escaped, always in the same way, so that
  /// equal texts are equal bytes.
  ///
  /// - Complexity: O(length).
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20: result += "\\u" + NumberText.hexadecimal(UInt64(scalar.value), digits: 4)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
