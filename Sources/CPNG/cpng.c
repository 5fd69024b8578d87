#include "cpng.h"

#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// What a call owns. It lives outside of the function that calls setjmp, so its fields have their
// last values after a long jump.
struct state {
  png_structp png;
  png_infop info;
  png_bytep samples;
  png_bytepp rows;
  char *text;
  png_textp entries;
  const uint8_t *input;
  size_t remaining;
  uint8_t *output;
  size_t size;
  size_t capacity;
  char *message;
};

static void fail(struct state *state, const char *text) {
  strncpy(state->message, text, CPNG_MESSAGE - 1);
  state->message[CPNG_MESSAGE - 1] = 0;
}

static void on_error(png_structp png, png_const_charp text) {
  fail(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void on_read(png_structp png, png_bytep target, size_t count) {
  struct state *state = png_get_io_ptr(png);
  if (count > state->remaining) png_error(png, "the data end too early");
  memcpy(target, state->input, count);
  state->input += count;
  state->remaining -= count;
}

static void on_write(png_structp png, png_bytep source, size_t count) {
  struct state *state = png_get_io_ptr(png);
  if (count > state->capacity - state->size) {
    size_t capacity = 2 * state->capacity + count;
    uint8_t *grown = realloc(state->output, capacity);
    if (!grown) png_error(png, "not enough memory");
    state->output = grown;
    state->capacity = capacity;
  }
  memcpy(state->output + state->size, source, count);
  state->size += count;
}

static void on_flush(png_structp png) { (void)png; }

static size_t multiply(png_structp png, size_t a, size_t b) {
  size_t product;
  if (__builtin_mul_overflow(a, b, &product)) png_error(png, "the image is too large");
  return product;
}

static void *allocate(png_structp png, size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size);
  if (!memory) png_error(png, "not enough memory");
  return memory;
}

// Composes with black and drops the alpha sample, in place.
static void drop_alpha(void *samples, size_t pixels, unsigned colours, unsigned bits) {
  for (size_t i = 0; i < pixels; ++i) {
    for (unsigned c = 0; c < colours; ++c) {
      size_t from = i * (colours + 1), to = i * colours + c;
      if (bits == 8) {
        uint8_t *s = samples;
        s[to] = (uint8_t)(((uint32_t)s[from + c] * s[from + colours] + 127) / 255);
      } else {
        uint16_t *s = samples;
        s[to] = (uint16_t)(((uint64_t)s[from + c] * s[from + colours] + 32767) / 65535);
      }
    }
  }
}

// Copies a string and its zero byte; answers where the next one begins.
static char *put(char *to, const char *string) {
  size_t size = strlen(string) + 1;
  memcpy(to, string, size);
  return to + size;
}

static void copy_text(struct state *state, cpng_image *image) {
  png_textp entries = NULL;
  int count = png_get_text(state->png, state->info, &entries, NULL);
  size_t size = 0;
  for (int i = 0; i < count; ++i) {
    size += strlen(entries[i].key) + 2 + (entries[i].text ? strlen(entries[i].text) : 0);
  }
  char *to = state->text = allocate(state->png, size, 1);
  for (int i = 0; i < count; ++i) {
    to = put(to, entries[i].key);
    to = put(to, entries[i].text ? entries[i].text : "");
  }
  image->text_size = size;
}

static void decode(struct state *state, size_t max_samples, cpng_image *image) {
  png_structp png = state->png;
  png_infop info = state->info;
  png_set_user_limits(png, 1 << 20, 1 << 20);
  png_set_chunk_malloc_max(png, 1 << 23);
  png_set_chunk_cache_max(png, 256);
  png_read_info(png, info);
  image->width = png_get_image_width(png, info);
  image->height = png_get_image_height(png, info);
  if (multiply(png, multiply(png, image->width, image->height), 4) > max_samples) {
    png_error(png, "the image is larger than what is accepted");
  }
  png_byte type = png_get_color_type(png, info);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
  const uint16_t one = 1;
  if (png_get_bit_depth(png, info) == 16 && *(const uint8_t *)&one) png_set_swap(png);
  (void)png_set_interlace_handling(png);
  png_read_update_info(png, info);

  unsigned channels = png_get_channels(png, info);
  image->bits = png_get_bit_depth(png, info);
  image->channels = channels >= 3 ? 3 : 1;
  size_t stride = png_get_rowbytes(png, info);
  if (channels < 1 || channels > 4 || (image->bits != 8 && image->bits != 16)
      || stride != (size_t)image->width * channels * (image->bits / 8)) {
    png_error(png, "the image has an unknown pixel format");
  }
  state->samples = allocate(png, multiply(png, image->height, stride), 1);
  state->rows = allocate(png, image->height, sizeof *state->rows);
  for (size_t y = 0; y < image->height; ++y) state->rows[y] = state->samples + y * stride;
  png_read_image(png, state->rows);
  png_read_end(png, info);
  copy_text(state, image);
  if (channels % 2 == 0) {
    size_t pixels = (size_t)image->width * image->height;
    drop_alpha(state->samples, pixels, image->channels, image->bits);
  }
}

int cpng_decode(
    const uint8_t *bytes, size_t count, size_t max_samples, cpng_image *image, char *message) {
  struct state state = {.input = bytes, .remaining = count, .message = message};
  memset(image, 0, sizeof *image);
  if (count < 8 || png_sig_cmp(bytes, 0, 8)) {
    fail(&state, "it does not begin like a PNG file");
    return -1;
  }
  state.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  state.info = state.png ? png_create_info_struct(state.png) : NULL;
  volatile bool done = false;
  if (!state.info) {
    fail(&state, "libpng cannot start");
  } else if (!setjmp(png_jmpbuf(state.png))) {
    png_set_read_fn(state.png, &state, on_read);
    decode(&state, max_samples, image);
    done = true;
  }
  png_destroy_read_struct(&state.png, &state.info, NULL);
  free(state.rows);
  if (!done) {
    free(state.samples);
    free(state.text);
    return -1;
  }
  image->samples = state.samples;
  image->text = state.text;
  return 0;
}

void cpng_free(cpng_image *image) {
  free(image->samples);
  free(image->text);
  image->samples = NULL;
  image->text = NULL;
}

// Plain text chunks hold Latin-1; what is not ASCII goes into an international one.
static bool is_ascii(const char *text) {
  for (; *text; ++text) {
    if ((unsigned char)*text >= 128) return false;
  }
  return true;
}

static void set_text(struct state *state, const cpng_image *image) {
  size_t zeros = 0;
  for (size_t i = 0; i < image->text_size; ++i) zeros += image->text[i] == 0;
  if (zeros == 0) return;
  state->entries = allocate(state->png, zeros / 2, sizeof *state->entries);
  char *at = image->text;
  for (size_t i = 0; i < zeros / 2; ++i) {
    png_textp entry = &state->entries[i];
    entry->key = at;
    at += strlen(at) + 1;
    entry->text = at;
    size_t length = strlen(at);
    at += length + 1;
    bool ascii = is_ascii(entry->text);
    entry->compression = ascii ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
    if (ascii) entry->text_length = length; else entry->itxt_length = length;
  }
  png_set_text(state->png, state->info, state->entries, (int)(zeros / 2));
}

static void encode(struct state *state, const cpng_image *image) {
  png_structp png = state->png;
  size_t stride = (size_t)image->width * image->channels * (image->bits / 8);
  png_set_IHDR(
      png, state->info, image->width, image->height, (int)image->bits,
      image->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  set_text(state, image);
  png_write_info(png, state->info);
  const uint16_t one = 1;
  if (image->bits == 16 && *(const uint8_t *)&one) png_set_swap(png);
  for (size_t y = 0; y < image->height; ++y) {
    png_write_row(png, (png_const_bytep)image->samples + y * stride);
  }
  png_write_end(png, NULL);
}

int cpng_encode(const cpng_image *image, uint8_t **bytes, size_t *count, char *message) {
  struct state state = {.message = message};
  state.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  state.info = state.png ? png_create_info_struct(state.png) : NULL;
  volatile bool done = false;
  if (!state.info) {
    fail(&state, "libpng cannot start");
  } else if (!setjmp(png_jmpbuf(state.png))) {
    png_set_write_fn(state.png, &state, on_write, on_flush);
    encode(&state, image);
    done = true;
  }
  png_destroy_write_struct(&state.png, &state.info);
  free(state.entries);
  if (!done) {
    free(state.output);
    return -1;
  }
  *bytes = state.output;
  *count = state.size;
  return 0;
}
