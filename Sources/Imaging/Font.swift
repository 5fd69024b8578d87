/// A bitmap font of 5 x 7 pixels, enough for captions.
///
/// ASCII and the signs that captions of attacks use; anything else shows as a question mark.
enum Font {
  /// Columns of a character, without the free one after it.
  static let width = 5
  /// Rows of a character.
  static let height = 7

  /// True where the character has ink.
  static func hasInk(_ character: Character, row: Int, column: Int) -> Bool {
    if character == " " { return false }
    let glyph = glyphs[character] ?? glyphs["?"] ?? 0
    return glyph >> (width * (height - 1 - row) + width - 1 - column) & 1 == 1
  }

  /// Seven rows of five bits from the top, the left column in the highest bit of each.
  private static let glyphs: [Character: UInt64] = [
    "!": 0x10842_0004, "\"": 0x294a0_0000, "#": 0x295f5_7d4a, "$": 0x11f47_17c4,
    "%": 0x63222_2263, "&": 0x32544_564d, "'": 0x10840_0000, "(": 0x8884_2082,
    ")": 0x20821_0888, "*": 0x957_5480, "+": 0x84f_9080, ",": 0x000_1888,
    "-": 0x00f_8000, ".": 0x000_018c, "/": 0x222_2200, "0": 0x3a33a_e62e,
    "1": 0x11842_108e, "2": 0x3a211_111f, "3": 0x7c441_062e, "4": 0x8ca9_7c42,
    "5": 0x7e1e0_862e, "6": 0x1910f_462e, "7": 0x7c222_2108, "8": 0x3a317_462e,
    "9": 0x3a317_844c, ":": 0x18c0_3180, ";": 0x18c0_3088, "<": 0x8888_2082,
    "=": 0x1f0_7c00, ">": 0x20820_8888, "?": 0x3a211_1004, "@": 0x3a216_d6ae,
    "A": 0x3a31f_c631, "B": 0x7a31f_463e, "C": 0x3a308_422e, "D": 0x72518_c65c,
    "E": 0x7e10f_421f, "F": 0x7e10f_4210, "G": 0x3a30b_c62f, "H": 0x4631f_c631,
    "I": 0x38842_108e, "J": 0x1c421_0a4c, "K": 0x4654c_5251, "L": 0x42108_421f,
    "M": 0x4775a_c631, "N": 0x4639a_ce31, "O": 0x3a318_c62e, "P": 0x7a31f_4210,
    "Q": 0x3a318_d64d, "R": 0x7a31f_5251, "S": 0x3e107_043e, "T": 0x7c842_1084,
    "U": 0x46318_c62e, "V": 0x46318_c544, "W": 0x4631a_d6aa, "X": 0x462a2_2a31,
    "Y": 0x46315_1084, "Z": 0x7c222_221f, "[": 0x39084_210e, "\\": 0x2082_0820,
    "]": 0x38421_084e, "^": 0x11510_0000, "_": 0x000_001f, "`": 0x20820_0000,
    "a": 0x0e0_be2f, "b": 0x4216c_c63e, "c": 0x0e8_422e, "d": 0x42d9_c62f,
    "e": 0x0e8_fe0e, "f": 0x1928e_2108, "g": 0x1f18_bc2e, "h": 0x4216c_c631,
    "i": 0x100c2_108e, "j": 0x8061_0a4c, "k": 0x4212a_6292, "l": 0x30842_108e,
    "m": 0x1aa_d631, "n": 0x16c_c631, "o": 0x0e8_c62e, "p": 0x1e8_fa10,
    "q": 0x0d9_bc21, "r": 0x16c_c210, "s": 0x0e8_383e, "t": 0x211c4_2126,
    "u": 0x118_c66d, "v": 0x118_c544, "w": 0x118_d6aa, "x": 0x115_1151,
    "y": 0x118_bc2e, "z": 0x1f1_111f, "{": 0x8844_1082, "|": 0x10842_1084,
    "}": 0x20841_1088, "~": 0x08a_8800, "±": 0x109f2_101f, "×": 0x22a2_2a20,
    "ε": 0x0e8_320e, "→": 0x82f_8880, "∞": 0x0aa_d540,
  ]
}
