// libpng without its long jumps: every function returns, whatever the data are.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Room for an error message, with its terminating zero.
#define CPNG_MESSAGE 160

// A decoded image. Rows run from top to bottom, samples of a pixel lie side by side.
typedef struct {
  uint32_t width;
  uint32_t height;
  uint32_t channels;  // 1 (gray) or 3 (red, green, blue)
  uint32_t bits;      // 8 or 16
  // width * height * channels samples of 8 or 16 bits, these in the machine's byte order.
  void *_Nullable samples;
  // Text chunks: for each a key and a value in UTF-8 or Latin-1, both ending with a zero byte.
  char *_Nullable text;
  size_t text_size;
} cpng_image;

// Decodes a PNG of any kind. Palettes and depths below 8 bits are expanded, a transparent pixel is
// composed with black. `max_samples` limits width * height * 4.
// Returns 0, or -1 with a message; `image` is to be freed with cpng_free after 0 only.
int cpng_decode(
    const uint8_t *_Nonnull bytes, size_t count, size_t max_samples, cpng_image *_Nonnull image,
    char *_Nonnull message);

void cpng_free(cpng_image *_Nonnull image);

// Encodes an image whose `text` holds `text_size` bytes of keys and values in UTF-8, laid out as
// above. The result is to be freed with free(). Returns 0, or -1 with a message.
int cpng_encode(
    const cpng_image *_Nonnull image, uint8_t *_Nullable *_Nonnull bytes, size_t *_Nonnull count,
    char *_Nonnull message);
