"""A HEIC photo, as Pillow cannot write one."""

import base64
import zlib

HEIC = zlib.decompress(  # 64 x 64 pixels, a black square on white
    base64.b64decode(
        "eNpjYGCQSSupLMhIzUxmAILczDRDEDs3MzGNgYExLDe1JJEBAhQzUnKKoGyGgszkEgY0oJSZkw82xMWBgREIgYCx"
        "CkIDgQIQK2dm5qWBeSBRUSAnlQnKyyhLNgQx+QoyS3LhSq5lFhQVAOntmQXJ+UC6AqjMmZEZJDQBrEjuA8Ofvz9+"
        "MDDwMycAdUg4MPIw/v8PUsAMUsEMQnK7mBwSgZLaToyMaDILFBpZp73y1FyXxyTFwwESOgEiOBySgOrZXRgPFm1Q"
        "cgBaI5ycn1OUl5xTARTmZWBrAAqJZBYXpEL95gDFAgWZFZkgAWYODqBpDOKZBbmw4AOGCEsjEzMLkKmRm5IICj0Z"
        "Dcb1kg3fJ7yed/lFf/7/ZyFe8bcqJ+20ON6X2dcAAGxIT9s="
    )
)
