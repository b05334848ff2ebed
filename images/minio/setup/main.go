// setup makes what backups need in a MinIO: a bucket, and a user who may use that bucket and nothing else.
// It is run as `setup ENDPOINT BUCKET`. Names and passwords are read from files, so that no argument and no
// environment holds one: /root holds the administrator's, /user those of the user. Run again, it changes nothing.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/minio/madmin-go/v3"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// What barman-cloud needs: to list, read, write and delete in one bucket.
const policy = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Resource": ["arn:aws:s3:::%[1]s"],
   "Action": ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]},
  {"Effect": "Allow", "Resource": ["arn:aws:s3:::%[1]s/*"],
   "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]}]}`

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return strings.TrimRight(string(text), "\n")
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: setup ENDPOINT BUCKET")
	}
	endpoint, bucket := os.Args[1], os.Args[2]
	user, password := read("/user/ACCESS_KEY_ID"), read("/user/ACCESS_SECRET_KEY")
	root := credentials.NewStaticV4(read("/root/username"), read("/root/password"), "")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s3, err := minio.New(endpoint, &minio.Options{Creds: root})
	if err != nil {
		log.Fatal(err)
	}
	admin, err := madmin.NewWithOptions(endpoint, &madmin.Options{Creds: root})
	if err != nil {
		log.Fatal(err)
	}
	for {
		// A request that is sent before MinIO is there may hang for long.
		attempt, stop := context.WithTimeout(ctx, 10*time.Second)
		err = setUp(attempt, s3, admin, bucket, user, password)
		stop()
		if err == nil {
			fmt.Printf("bucket %s, user %s\n", bucket, user)
			return
		}
		select {
		case <-ctx.Done():
			log.Fatal(err)
		case <-time.After(time.Second):
		}
	}
}

func setUp(ctx context.Context, s3 *minio.Client, admin *madmin.AdminClient, bucket, user, password string) error {
	there, err := s3.BucketExists(ctx, bucket)
	if err != nil {
		return err
	}
	if !there {
		if err = s3.MakeBucket(ctx, bucket, minio.MakeBucketOptions{}); err != nil {
			return err
		}
	}
	if err = admin.AddCannedPolicy(ctx, bucket, []byte(fmt.Sprintf(policy, bucket))); err != nil {
		return err
	}
	if err = admin.AddUser(ctx, user, password); err != nil {
		return err
	}
	_, err = admin.AttachPolicy(ctx, madmin.PolicyAssociationReq{Policies: []string{bucket}, User: user})
	if err != nil && madmin.ToErrorResponse(err).Code != "XMinioAdminPolicyChangeAlreadyApplied" {
		return err
	}
	return nil
}
