#!/bin/sh
# Makes the stores that keystore_test.go reads, with the tools that Kafka users
# make theirs with: keytool of JDK 17 and OpenSSL 3. The keys protect nothing.
set -eu
cd "$(dirname "$0")"
rm -f -- *.jks *.p12 *.pem

make() { # alias, store type, key password, files
	keytool -genkeypair -alias "$1" -dname "CN=$1" -keyalg EC -groupname secp256r1 -validity 36500 \
		-keystore "$4" -storetype "$2" -storepass store-secret -keypass "$3" 2>/dev/null
}
make jks-client JKS key-secret keystore.jks
make p12-client PKCS12 store-secret keystore.p12

keytool -exportcert -rfc -alias p12-client -keystore keystore.p12 -storepass store-secret -file certificate.pem 2>/dev/null
for type in JKS PKCS12; do
	store=truststore.$([ $type = JKS ] && echo jks || echo p12)
	keytool -importcert -noprompt -alias root -file certificate.pem -keystore "$store" \
		-storetype $type -storepass store-secret 2>/dev/null
done

openssl pkcs12 -in keystore.p12 -passin pass:store-secret -nodes -nocerts | openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:key-secret >encrypted-key.pem
cat encrypted-key.pem certificate.pem >encrypted.pem
rm encrypted-key.pem
