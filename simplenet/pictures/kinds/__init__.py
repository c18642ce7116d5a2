"""What picture files declare, kind by kind, found out before anything of them is decoded.

A few bytes can declare billions of pixels, or texts, profiles and thumbnails that unpack to more.
So the size is read here, from the few fields that hold it, and with it which way up the picture is,
how much memory decoding it takes, and which parts of the file draw its first picture: a decoder is
given only those.
"""
